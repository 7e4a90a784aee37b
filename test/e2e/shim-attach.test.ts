import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { exec, startProcess } from "../../core/runtime/exec.ts";
import { Cleanup } from "../support/cleanup.ts";
import { canServeContainers, describeIf, hasCommand } from "../support/host.ts";
import { expectNothingLeft, type HostSnapshot, snapshotHost } from "../support/leaks.ts";
import { programArgv, type RunningProgram, startProgram } from "../support/run-program.ts";
import { serverOf } from "../support/shim-readers.ts";
import { makeCgroup, startViewContainer } from "../support/view-container.ts";
import { waitFor } from "../support/wait-for.ts";

const MIB = 2 ** 20;
/** What a shim's file is of, in mountinfo. */
const PLACED = /^\S+ \S+ \S+ (\S+) \1 ro,nosuid,nodev,noexec,noatime - fuse\.plimsoll /gm;

function childrenOf(pid: number): readonly number[] {
  const pids = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
  return pids.split(" ").filter(Boolean).map(Number);
}

function isSleeping(pid: number): boolean {
  return readFileSync(`/proc/${pid}/comm`, "utf8") === "sleep\n";
}

/** Containers out of unshare(1), made without a shim's files. */
describeIf(...canServeContainers, hasCommand("perl"))("attach", () => {
  const cleanup = new Cleanup();
  let before: HostSnapshot;
  let mount = "";
  let shim: RunningProgram;

  async function startShim(): Promise<void> {
    shim = startProgram(cleanup, programArgv("plimsoll-shim", "serve", "--mount", mount));
    cleanup.add("shim", async () => void (await shim.stop()));
    await shim.waitForLine(/"msg":"ready"/);
  }

  beforeAll(async () => {
    before = snapshotHost();
    mount = join(cleanup.temporaryFolder(), "shim");
    await startShim();
  });

  afterAll(async () => {
    await cleanup.run();
    await expectNothingLeft(before);
  });

  /** What attach, or detach, says of each file. */
  async function outcomes(command: string, pid: number, ...flags: string[]): Promise<Record<string, string>> {
    const argv = programArgv("plimsoll-shim", command, `${pid}`, "--json", ...flags);
    const [{ files }] = JSON.parse((await exec(argv)).stdout);
    return Object.fromEntries(files.map((file: Record<string, string>) => [file.path, file.outcome]));
  }
  const attach = (pid: number, ...flags: string[]) => outcomes("attach", pid, "--mount", mount, ...flags);
  const mountinfo = (pid: number): string => readFileSync(`/proc/${pid}/mountinfo`, "utf8");

  /** A container with nothing of ours in it. */
  async function startContainer(name: string, limitBytes: number) {
    const cgroup = makeCgroup(cleanup, `plimsoll-attach-${name}-${process.pid}`);
    cgroup.setMemoryLimit(limitBytes);
    return startViewContainer(cleanup, cgroup);
  }

  test("true figures for a container that runs, told once, and taken away without a trace", async () => {
    const container = await startContainer("plain", 96 * MIB);
    const kernels = container.run("head", "-1", "/proc/meminfo");
    const mounts = mountinfo(container.pid);

    const planned = await attach(container.pid, "--dry-run");
    expect(mountinfo(container.pid)).toBe(mounts);
    const first = await attach(container.pid);
    const attached = mountinfo(container.pid);

    expect(first).toEqual(planned);
    expect(first).toMatchObject({ "/proc/meminfo": "placed", "/sys/devices/system/cpu": "placed" });
    if (existsSync("/proc/pressure/cpu")) expect(first["/proc/pressure/cpu"]).toBe("placed");
    expect(container.run("head", "-1", "/proc/meminfo")).toBe("MemTotal:          98304 kB\n");
    expect(new Set(Object.values(await attach(container.pid)))).toEqual(new Set(["kept"]));
    expect(mountinfo(container.pid)).toBe(attached);

    const taken = await outcomes("detach", container.pid);
    expect(Object.keys(taken).sort()).toEqual(Object.keys(first).sort());
    expect(container.run("head", "-1", "/proc/meminfo")).toBe(kernels);
    expect(mountinfo(container.pid)).toBe(mounts);
    expect(await outcomes("detach", container.pid)).toEqual({});
  });

  test("several at once mount each file once", async () => {
    const container = await startContainer("busy", 64 * MIB);
    const all = await Promise.all(Array.from({ length: 6 }, () => attach(container.pid)));

    const files = Object.keys(all[0] ?? {});
    expect(mountinfo(container.pid).match(PLACED)).toHaveLength(files.length);
    for (const path of files) {
      expect(all.map((outcome) => outcome[path]).sort()).toEqual([...Array(5).fill("kept"), "placed"]);
    }
  });

  test("no container sees another's figures, nor does what it mounts reach anybody else", async () => {
    const [one, other] = [await startContainer("one", 64 * MIB), await startContainer("other", 128 * MIB)];
    for (const { pid } of [one, other]) await attach(pid);

    one.run("mount", "--bind", "/dev/null", "/proc/meminfo");

    expect(one.run("cat", "/proc/meminfo")).toBe("");
    expect(other.run("head", "-1", "/proc/meminfo")).toBe("MemTotal:         131072 kB\n");
    expect(one.run("grep", "-c", "^processor", "/proc/cpuinfo")).toBe(
      other.run("grep", "-c", "^processor", "/proc/cpuinfo"),
    );
    expect(mountinfo(process.pid).match(PLACED)).toBeNull();
    expect((await attach(one.pid))["/proc/meminfo"]).toBe("covered");
  });

  test("files that came when the container was made are right already, and not ours to take", async () => {
    const cgroup = makeCgroup(cleanup, `plimsoll-attach-bound-${process.pid}`);
    const { pid } = await startViewContainer(cleanup, cgroup, mount);
    const mounts = mountinfo(pid);

    const outcome = await attach(pid);
    expect(outcome).toMatchObject({ "/proc/meminfo": "kept", "/sys/devices/system/cpu": "kept" });
    expect(Object.keys(await outcomes("detach", pid)).map((path) => outcome[path])).not.toContain("kept");
    expect(mountinfo(pid)).toBe(mounts);
  });

  test("a mount namespace of another user namespace", async () => {
    const unshare = ["unshare", "--user", "--map-root-user", "--mount", "--pid", "--mount-proc", "--fork"];
    const child = startProcess([...unshare, "--kill-child", "sleep", "600"], { stdio: "ignore" });
    cleanup.add("container", () => void child.kill("SIGKILL"));
    const pid = await waitFor("its first process", () => childrenOf(child.pid ?? 0).find(isSleeping));

    expect(await attach(pid)).toMatchObject({ "/proc/uptime": "placed" });
    const inside = ["nsenter", "-t", `${pid}`, "-U", "--preserve-credentials", "-m", "-p"];
    const [command = "", ...args] = [...inside, "cat", "/proc/uptime"];
    const [uptime] = execFileSync(command, args, { encoding: "utf8" }).split(" ");
    expect(Number(uptime)).toBeLessThan(60);
  });

  test.for([
    ["the host itself", process.pid, 1, /is not in a container: it is in the host's own mount namespace/],
    ["a process that is gone", 4194304, 3, /^error: process 4194304: there is none$/],
  ] as const)("refused in one line: %s", async ([, pid, expected, line]) => {
    const argv = programArgv("plimsoll-shim", "attach", `${pid}`, "--mount", mount);
    const { code, stderr } = await exec(argv, { okCodes: [1, 3] });

    expect(code).toBe(expected);
    expect(stderr.trim()).toMatch(line);
    expect(stderr.trim().split("\n")).toHaveLength(1);
  });

  test("refused: a service that has some mounts of its own", async () => {
    const child = startProcess(["unshare", "--mount", "sleep", "600"], { stdio: "ignore" });
    cleanup.add("service", () => void child.kill("SIGKILL"));
    await waitFor("its namespace", () => mountinfo(child.pid ?? 0) !== mountinfo(process.pid));

    await expect(attach(child.pid ?? 0)).rejects.toThrow(/only some of its mounts are its own/);
  });

  test("what a killed shim left dead is replaced by its successor's", async () => {
    const container = await startContainer("repaired", 80 * MIB);
    await attach(container.pid);
    // A user namespace inside: what it has copied of our mounts cannot be unmounted there.
    const nested = [
      "nsenter",
      "-t",
      `${container.pid}`,
      "-m",
      "-p",
      "unshare",
      "--user",
      "--map-root-user",
      "--mount",
    ];
    const inner = startProcess([...nested, "sleep", "600"], { stdio: "ignore" });
    cleanup.add("inner", () => {
      for (const pid of childrenOf(inner.pid ?? 0)) process.kill(pid, "SIGKILL");
    });
    const innerPid = await waitFor("the inner one", () => childrenOf(inner.pid ?? 0).find(isSleeping));
    process.kill(shim.pid, "SIGSTOP"); // it would start another server
    process.kill(serverOf(shim.pid), "SIGKILL");
    await shim.stop("SIGKILL");
    expect(() => container.run("cat", "/proc/meminfo")).toThrow("Transport endpoint is not connected");

    await startShim();
    const outcome = await attach(container.pid);

    expect(new Set(Object.values(outcome))).toEqual(new Set(["replaced"]));
    expect(container.run("head", "-1", "/proc/meminfo")).toBe("MemTotal:          81920 kB\n");
    expect(mountinfo(container.pid).match(PLACED)).toHaveLength(Object.keys(outcome).length);
    expect(await attach(innerPid)).toEqual(outcome);
    expect(new Set(Object.values(await attach(innerPid)))).toEqual(new Set(["kept"]));
  });
});
