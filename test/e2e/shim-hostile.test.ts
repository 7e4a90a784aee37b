import { constants, existsSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { exec } from "../../core/runtime/exec.ts";
import { Cleanup } from "../support/cleanup.ts";
import { output } from "../support/fuse-mount.ts";
import { type Condition, canServeContainers, describeIf, testIf } from "../support/host.ts";
import { leavesNothing } from "../support/leaks.ts";
import { programArgv } from "../support/run-program.ts";
import { startShim } from "../support/shim.ts";
import { serverOf } from "../support/shim-readers.ts";
import {
  makeCgroup,
  startViewContainer,
  type TestCgroup,
  type ViewContainer,
} from "../support/view-container.ts";
import { waitFor } from "../support/wait-for.ts";

const [OURS_KIB, OTHERS_KIB] = [64 * 1024, 128 * 1024];

/** CONFIG_CHECKPOINT_RESTORE. */
const canChoosePids: Condition = {
  reason: "needs a kernel that lets root choose the next pid",
  met: () => existsSync("/proc/sys/kernel/ns_last_pid"),
};

/** What every script below begins with. */
const PYTHON = `
import array, mmap, os, resource, socket, subprocess, sys, time
def total(text): return int(text.split()[1])
def read(path, offset=0):
    fd = os.open(path, os.O_RDONLY)
    try: return os.pread(fd, 100, offset)
    finally: os.close(fd)
def attempt(what):
    try: return what()
    except OSError as error: return error.strerror
`;

/** Five times MemTotal, each time by another way to the file. */
const DISGUISES = `
os.chdir(sys.argv[1])
os.symlink("/proc/meminfo", "link")
print(total(read("link")), total(read("/proc/self/root/proc/meminfo")), flush=True)
os.mkdir("root")
open("root/meminfo", "w").close()
def sh(script):
    subprocess.run(["unshare", "-m", "sh", "-ec", "mount --bind /proc/meminfo root/meminfo;" + script], check=True)
sh("head -1 root/meminfo")
sh("""mount -t tmpfs none /proc
for pid in self 1 $$; do
  mkdir -p /proc/$pid/ns; echo 0::/ > /proc/$pid/cgroup
  for kind in pid cgroup mnt; do ln -sf $kind:[1] /proc/$pid/ns/$kind; done
done
head -1 root/meminfo""")
sh("""exec python3 -c 'import os; os.chroot("root"); print(open("/meminfo").readline())'""")
`;

const GIVES_A_FILE = `
server = socket.socket(socket.AF_UNIX); server.bind(sys.argv[1]); server.listen()
fd = os.open("/proc/meminfo", os.O_RDONLY)
print(total(os.pread(fd, 100, 0)))
client, _ = server.accept()
socket.send_fds(client, [b"x"], [fd])
client.recv(1)
print(total(b"MemTotal: " + os.pread(fd, 100, 10)))
`;

const TAKES_A_FILE = `
client = socket.socket(socket.AF_UNIX)
while attempt(lambda: client.connect(sys.argv[1])): time.sleep(0.02)
_, [fd], _, _ = socket.recv_fds(client, 1, 1)
print(total(b"MemTotal: " + os.pread(fd, 100, 10)), total(os.pread(fd, 100, 0)))
print(total(b"MemTotal: " + os.pread(fd, 100, 10)))
client.send(b"x")
`;

/** On the host: a process of the one container reads and ends, one of the other gets its pid and reads. */
const REUSES_PIDS = `
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
def enter(pid):
    for fd in [os.open("/proc/%s/ns/%s" % (pid, kind), os.O_RDONLY) for kind in ("cgroup", "mnt", "pid")]:
        if libc.setns(fd, 0): raise OSError(ctypes.get_errno(), "setns")
        os.close(fd)
def in_container(container, ask, tell):
    last = os.open("/proc/sys/kernel/ns_last_pid", os.O_WRONLY)
    host = os.open("/proc", os.O_RDONLY)
    enter(container)
    while wanted := os.read(ask, 20):
        if int(wanted): os.pwrite(last, b"%d" % (int(wanted) - 1), 0)
        child = os.fork()
        if child == 0:
            fd = os.open("/proc/meminfo", os.O_RDONLY)
            for _ in range(3): text = os.pread(fd, 100, 0)
            stat = os.open("self/stat", os.O_RDONLY, dir_fd=host)
            os.write(tell, b"%d %d" % (total(text), int(os.read(stat, 20).split()[0])))
            os._exit(0)
        os.waitpid(child, 0)
def start(container):
    (ask, question), (answer, tell) = os.pipe(), os.pipe()
    if os.fork() == 0:
        os.close(question)
        in_container(container, ask, tell)
        os._exit(0)
    os.close(ask)
    def reader(wanted):
        os.write(question, b"%d" % wanted)
        return [int(n) for n in os.read(answer, 100).split()]
    return reader
ones, others = start(sys.argv[1]), start(sys.argv[2])
reused, seen = 0, set()
for _ in range(300):
    first, pid = ones(0)
    second, same = others(pid)
    seen.add((first, second))
    reused += pid == same
    if reused == 20: break
print(reused, *[n for pair in seen for n in pair])
`;

const READS_IN_PIECES = `
fd = os.open("/proc/stat", os.O_RDONLY)
text = os.pread(fd, 10, 0)
while not os.path.exists(sys.argv[1]): time.sleep(0.01)
while piece := os.pread(fd, 61, len(text)): text += piece
print(text.count(b"procs_running"), text.endswith(b"\\n"))
`;

const NEVER_FINISHES = `
_, most = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
fds = [os.open("/proc/stat", os.O_RDONLY) for _ in range(min(20000, most - 100))]
for fd in fds: os.pread(fd, 1, 0)
size = len(os.pread(fd, 1 << 20, 0))
far = (size - 1, size, size + 1, 4096 * 1000, 1 << 33, (1 << 53) + 1, (1 << 63) - 10)
print([len(os.pread(fd, 9, offset)) for offset in far])
print(attempt(lambda: os.pread(fd, 9, -1)), len(os.pread(fd, 0, 0)), os.lseek(fd, 1 << 40, os.SEEK_SET), len(os.read(fd, 9)))
if os.fork() == 0:
    mapped = mmap.mmap(fd, 100, mmap.MAP_PRIVATE, mmap.PROT_READ)
    print(mapped[0])
    os._exit(0)
print(os.wait()[1] != 0)
print(total(read("/proc/meminfo")))
`;

describeIf(...canServeContainers)("a container that means no good", () => {
  const cleanup = new Cleanup();
  leavesNothing(cleanup);

  /** A shim and two containers, of 64 and of 128 MiB. */
  async function start() {
    const { shim, mount } = await startShim(cleanup);
    const startOne = async (name: string, kibibytes: number) => {
      const cgroup = makeCgroup(cleanup, `plimsoll-${name}-${process.pid}`);
      cgroup.setMemoryLimit(kibibytes * 1024);
      return { cgroup, container: await startViewContainer(cleanup, cgroup, mount) };
    };
    const operations = async (): Promise<Record<string, { count: number }>> => {
      const { stdout } = await exec(programArgv("plimsoll-shim", "status", "--mount", mount, "--json"));
      return JSON.parse(stdout)[0].operations;
    };
    return {
      ...{ shim, mount, operations },
      hostile: await startOne("hostile", OURS_KIB),
      other: await startOne("other", OTHERS_KIB),
    };
  }

  const python = ({ run }: ViewContainer, script: string, ...args: readonly string[]): string =>
    run("python3", "-c", PYTHON + script, ...args).trim();

  const memTotal = ({ run }: ViewContainer): number =>
    Number(/\d+/.exec(run("head", "-1", "/proc/meminfo"))?.[0]);

  testIf()(
    "sees its own figures through links, in a chroot, and below a /proc it has laid out itself",
    async () => {
      const { hostile } = await start();
      const printed = python(hostile.container, DISGUISES, cleanup.temporaryFolder());

      expect(printed.match(/\d{4,}/g)?.map(Number)).toEqual(Array.from({ length: 5 }, () => OURS_KIB));
    },
  );

  testIf()(
    "gets nothing of another's text by a descriptor passed on, and gives nothing away by one",
    async () => {
      const { hostile, other } = await start();
      const path = join(cleanup.temporaryFolder(), "socket");
      const giving = other.container.start("python3", "-c", PYTHON + GIVES_A_FILE, path);
      const taken = python(hostile.container, TAKES_A_FILE, path);

      expect(taken.split(/\s+/).map(Number)).toEqual([OURS_KIB, OURS_KIB, OURS_KIB]);
      expect((await giving.finished()).trim().split("\n").map(Number)).toEqual([OTHERS_KIB, OTHERS_KIB]);
    },
  );

  testIf(canChoosePids)("is not taken for another container whose pid it has got", async () => {
    const { hostile, other } = await start();
    const pids = [other, hostile].map(({ container }) => `${container.pid}`);
    const [reused, ...totals] = (await output("python3", "-c", PYTHON + REUSES_PIDS, ...pids))
      .trim()
      .split(" ");

    expect(Number(reused)).toBeGreaterThan(0);
    expect(totals.map(Number)).toEqual([OTHERS_KIB, OURS_KIB]);
  });

  testIf()(
    "opens thousands of files and finishes none, reads at any offset, maps: others read on",
    async () => {
      const { hostile, other, operations } = await start();
      const go = join(cleanup.temporaryFolder(), "go");
      const reader = other.container.start("python3", "-c", PYTHON + READS_IN_PIECES, go);
      await waitFor("its first piece", async () => ((await operations()).read?.count ?? 0) > 0);

      expect(python(hostile.container, NEVER_FINISHES).split("\n")).toEqual([
        "[1, 0, 0, 0, 0, 0, 0]",
        `Invalid argument 0 ${2 ** 40} 0`,
        "True",
        `${OURS_KIB}`,
      ]);
      expect(memTotal(other.container)).toBe(OTHERS_KIB);
      writeFileSync(go, "");
      expect(await reader.finished()).toBe("1 True\n");
    },
  );

  testIf()("a fork bomb of readers, as many as it may have: others are not behind all of them", async () => {
    const { hostile, other, operations } = await start();
    const readers = 150;
    limitPids(hostile.cgroup, readers + 20);
    const bomb = hostile.container.start(
      "sh",
      "-c",
      `for i in $(seq ${readers}); do while :; do read -r line < /proc/meminfo; done & done; wait`,
    );
    cleanup.add("bomb", () => killAll(hostile.cgroup));
    await waitFor("the bomb", async () => ((await operations()).read?.count ?? 0) > 2000, 60_000);
    const counted = await operations();
    const rounds = 300;
    const seen = python(
      other.container,
      `
totals = {total(read("/proc/meminfo")) for _ in range(${rounds})}
print(totals)`,
    );
    const { open } = await operations();
    await killAll(hostile.cgroup);
    await bomb.stop();

    expect(seen).toBe(`{${OTHERS_KIB}}`);
    // First come, first served would be all of them before each request of the other's.
    expect((open?.count ?? 0) - (counted.open?.count ?? 0)).toBeLessThan((readers * rounds) / 2);
    expect(memTotal(hostile.container)).toBe(OURS_KIB);
  });

  testIf()("the server has no rights beyond those it needs", async () => {
    const { shim } = await start();
    const status = await output("cat", `/proc/${serverOf(shim.pid)}/status`);

    // DAC_OVERRIDE, DAC_READ_SEARCH, KILL, SYS_PTRACE, SYS_ADMIN of linux/capability.h
    for (const set of ["CapPrm", "CapEff", "CapBnd"])
      expect(status).toMatch(new RegExp(`^${set}:\t0{10}280026$`, "m"));
    expect(status).toMatch(/^NoNewPrivs:\t1$/m);
  });

  testIf()("the server has nothing of the host open to write to", async () => {
    const { shim, hostile } = await start();
    expect(memTotal(hostile.container)).toBe(OURS_KIB);
    const written = writableFiles(serverOf(shim.pid)).filter(
      (path) => !/^(?:\/dev\/null|(?:pipe|socket|anon_inode):.*)$/.test(path),
    );

    // Its two devices, and what it leaves to the next server.
    expect(written.sort()).toEqual([
      "/dev/fuse",
      "/dev/fuse",
      ...[4, 5, 7, 8].map((book) => expect.stringMatching(`/plimsoll-shim\\.\\w+/${book} \\(deleted\\)$`)),
    ]);
  });
});

/** What a process has open for writing. */
function writableFiles(pid: number): readonly string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    const [, flags = "0"] = /^flags:\t(\d+)$/m.exec(readFileSync(`/proc/${pid}/fdinfo/${fd}`, "utf8")) ?? [];
    const mode = Number.parseInt(flags, 8) & (constants.O_WRONLY | constants.O_RDWR);
    return mode === constants.O_RDONLY ? [] : [readlinkSync(`/proc/${pid}/fd/${fd}`)];
  });
}

function limitPids(cgroup: TestCgroup, count: number): void {
  writeFileSync(join(cgroup.directory("pids"), "pids.max"), `${count}`);
}

/** Until nothing is left but the container's first process. */
async function killAll(cgroup: TestCgroup): Promise<void> {
  const procs = join(cgroup.directory("pids"), "cgroup.procs");
  for (let round = 0; round < 50; round++) {
    const pids = (await output("cat", procs)).trim().split("\n").slice(2);
    if (pids.length === 0) return;
    await exec(["kill", "-9", ...pids], { okCodes: [0, 1] });
    await sleep(20);
  }
}
