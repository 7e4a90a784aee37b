import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { exec } from "../../core/runtime/exec.ts";
import { abortConnection } from "../../lxcfs-shim/mount.ts";
import { Cleanup } from "../support/cleanup.ts";
import { failure, hasFuseNative, libfuseEnvironment, mountPointIn, output } from "../support/fuse-mount.ts";
import { describeIf, hasFuse, isRoot } from "../support/host.ts";
import { leavesNothing } from "../support/leaks.ts";
import { type RunningProgram, startProgram } from "../support/run-program.ts";

const SERVER = fileURLToPath(new URL("../../dist/test/bench/fuse-static-server.js", import.meta.url));

/** Python's os module is the thinnest way to one system call. */
const python = (code: string): Promise<string> => output("python3", "-c", `import os\n${code}`);

async function startServer(
  cleanup: Cleanup,
  directory: string,
  transport: "dev-fuse" | "fuse-native" = "dev-fuse",
): Promise<RunningProgram> {
  const env = transport === "fuse-native" ? libfuseEnvironment(cleanup) : {};
  const server = startProgram(cleanup, [process.execPath, SERVER, directory, transport], { env });
  await server.waitForLine(/"msg":"ready"/);
  return server;
}

function connectionOf(server: RunningProgram): number {
  const ready = server.lines.find((line) => line.includes('"msg":"ready"')) ?? "{}";
  return JSON.parse(ready).connection;
}

for (const [transport, ...conditions] of [
  ["dev-fuse", isRoot, hasFuse],
  ["fuse-native", isRoot, hasFuse, hasFuseNative],
] as const) {
  describeIf(...conditions)(`readers of a mount served through ${transport}`, () => {
    const cleanup = new Cleanup();
    let mount = "";

    beforeAll(async () => {
      mount = mountPointIn(cleanup);
      await startServer(cleanup, mount, transport);
    });

    afterAll(() => cleanup.run());

    test("list, stat and read", async () => {
      expect((await output("ls", "-a", mount)).split("\n")).toContain("meminfo");
      expect(await output("stat", "-c", "%a %U %s %F", `${mount}/meminfo`)).toBe(
        "444 root 0 regular empty file\n",
      );
      expect(await output("cat", `${mount}/meminfo`)).toMatch(/^MemTotal: +\d+ kB\n/);
      expect(await failure("cat", `${mount}/nothing`)).toMatch(/No such file or directory$/);
      expect(await failure("cat", mount)).toMatch(/Is a directory$/);
    });

    test("a file longer than any request arrives whole", async () => {
      const expected = Array.from({ length: 100_000 }, (_, line) => `${line}\n`).join("");
      expect(await output("md5sum", `${mount}/long`).then((sum) => sum.split(" ")[0])).toBe(
        await output("sh", "-c", "seq 0 99999 | md5sum").then((sum) => sum.split(" ")[0]),
      );
      expect(await output("head", "-c", "100000", `${mount}/long`)).toBe(expected.slice(0, 100_000));
    });

    test("pread at odd offsets, past the end, far past the end; lseek", async () => {
      const printed = await python(`
fd = os.open("${mount}/long", os.O_RDONLY)
print(os.pread(fd, 7, 3), os.pread(fd, 10, 588888), os.pread(fd, 10, 588890), os.pread(fd, 10, 10**9), os.pread(fd, 10, 2**62))
os.lseek(fd, 588880, os.SEEK_SET)
print(os.read(fd, 100), os.read(fd, 100))`);

      expect(printed).toBe(
        String.raw`b'\n2\n3\n4\n' b'9\n' b'' b'' b''
b'998\n99999\n' b''
`,
      );
    });

    test("statfs gives what procfs gives: no blocks, whole numbers", async () => {
      const fields = ["bsize", "frsize", "blocks", "bfree", "files", "namemax"];
      const printed = await python(`
s = os.statvfs("${mount}")
print(*[getattr(s, "f_" + name) for name in "${fields.join(" ")}".split()])`);

      expect(printed).toBe("4096 4096 0 0 0 255\n");
      // It ends with 1 over another mount of the host that is dead, and lists the rest.
      const { stdout: listed } = await exec(["df", "--output=target"], { okCodes: [0, 1] });
      expect(listed).toContain("Mounted on\n");
      expect(listed).not.toContain(mount);
    });

    test("nothing can be written, made, changed or removed", async () => {
      const refusals = [
        ["sh", "-c", `echo x > ${mount}/meminfo`],
        ["sh", "-c", `echo x >> ${mount}/new`],
        ["truncate", "-s", "0", `${mount}/meminfo`],
        ["rm", "-f", `${mount}/meminfo`],
        ["mkdir", `${mount}/new`],
        ["ln", "-s", "x", `${mount}/new`],
        ["ln", `${mount}/meminfo`, `${mount}/new`],
        ["mv", `${mount}/meminfo`, `${mount}/new`],
        ["chmod", "0666", `${mount}/meminfo`],
        ["touch", `${mount}/meminfo`],
        ["mkfifo", `${mount}/new`],
      ];
      for (const argv of refusals) {
        expect(await failure(...argv), argv.join(" ")).toMatch(/Permission denied|Operation not permitted/);
      }
    });

    test("extended attributes, polling, locks and ioctl do not confuse it", async () => {
      const printed = await python(`
import fcntl, select
fd = os.open("${mount}/meminfo", os.O_RDONLY)
def tried(what):
    try: return what()
    except OSError as error: return error.strerror
print(tried(lambda: os.getxattr(fd, "user.a")))
print(tried(lambda: os.listxattr(fd)))
print(tried(lambda: os.setxattr(fd, "user.a", b"x" * 60000)))
print(select.select([fd], [], [], 0)[0] == [fd])
print(tried(lambda: fcntl.flock(fd, fcntl.LOCK_SH)))
print(tried(lambda: fcntl.ioctl(fd, 0x5401)))`);

      expect(printed.trimEnd().split("\n")).toEqual([
        "Operation not supported",
        "Operation not supported",
        expect.stringMatching(/Operation not supported|Argument list too long/),
        "True",
        "None",
        "Inappropriate ioctl for device",
      ]);
    });

    test("eight readers at once all read the same", async () => {
      const reader = `for i in $(seq 200); do cat ${mount}/meminfo; done | md5sum`;
      const sums = await Promise.all(Array.from({ length: 8 }, () => output("sh", "-c", reader)));

      expect(new Set(sums).size).toBe(1);
    });

    test("a file that cannot be made costs its reader EIO, nobody else anything", async () => {
      expect(await failure("cat", `${mount}/broken`)).toMatch(/Input\/output error$/);
      expect(await output("cat", `${mount}/meminfo`)).toMatch(/^MemTotal/);
    });
  });
}

describeIf(isRoot, hasFuse)("a server's end", () => {
  const cleanup = new Cleanup();
  leavesNothing(cleanup);

  test.for(["SIGTERM", "SIGINT"] as const)("%s: nothing is left", async (signal) => {
    const mount = mountPointIn(cleanup);
    const server = await startServer(cleanup, mount);
    await output("cat", `${mount}/meminfo`);

    expect(await server.stop(signal)).toBe(0);
    expect(readFileSync("/proc/self/mountinfo", "utf8")).not.toContain(mount);
  });

  test("SIGTERM while a reader has a file open, and a container has it bound", async () => {
    const mount = mountPointIn(cleanup);
    const server = await startServer(cleanup, mount);
    const reader = startProgram(cleanup, ["sh", "-c", `exec 3< ${mount}/meminfo; echo open; exec sleep 60`]);
    const target = join(cleanup.temporaryFolder(), "target");
    writeFileSync(target, "");
    const script = `mount --bind ${mount}/meminfo ${target}; echo bound; exec sleep 60`;
    const container = startProgram(cleanup, ["unshare", "--mount", "sh", "-c", script]);
    await Promise.all([reader.waitForLine(/open/), container.waitForLine(/bound/)]);

    expect(await server.stop()).toBe(0);
    expect(readFileSync("/proc/self/mountinfo", "utf8")).not.toContain(mount);
    const inside = ["nsenter", "--mount", "--target", `${container.pid}`, "cat", target];
    expect(await failure(...inside)).toMatch(/Transport endpoint is not connected$/);
  });

  test("kill -9: the next start clears what is left", async () => {
    const mount = mountPointIn(cleanup);
    await (await startServer(cleanup, mount)).stop("SIGKILL");
    expect(await failure("ls", mount)).toMatch(/Transport endpoint is not connected$/);

    const second = await startServer(cleanup, mount);
    expect(second.lines.join("\n")).toContain("stale mount of a killed server removed");
    expect(await output("cat", `${mount}/meminfo`)).toMatch(/^MemTotal/);
    expect(await second.stop()).toBe(0);
  });

  test("its thread dies: the reader gets an error, the process ends with one line and 1", async () => {
    const mount = mountPointIn(cleanup);
    const server = await startServer(cleanup, mount);

    expect(await failure("cat", `${mount}/deadly`)).toMatch(/not connected|aborted/);
    expect(await server.ended).toBe(1);
    expect(server.stderr.at(-1)).toBe("error: the serving thread died: it ended with its mount in place");
  });

  test("SIGTERM while its thread is stuck in a file: the reader is let go", async () => {
    const mount = mountPointIn(cleanup);
    const server = await startServer(cleanup, mount);
    const reader = failure("cat", `${mount}/stuck`);
    await output("sleep", "0.5");
    const ended = server.stop();

    expect(await reader).toMatch(/aborted|not connected/);
    expect(await ended).toBe(0);
  });

  test.for(["umount", "abort"])("somebody else takes the mount away (%s): one line, 3", async (how) => {
    const mount = mountPointIn(cleanup);
    const server = await startServer(cleanup, mount);
    if (how === "umount") await exec(["umount", mount]);
    else await abortConnection(connectionOf(server));

    expect(await server.ended).toBe(3);
    expect(server.stderr.at(-1)).toBe(`error: ${mount} was unmounted or aborted by somebody else`);
  });
});

describeIf(isRoot, hasFuse)("a directory that cannot be mounted on", () => {
  const cleanup = new Cleanup();

  afterEach(() => cleanup.run());

  const refusal = async (directory: string): Promise<string> => {
    const server = startProgram(cleanup, [process.execPath, SERVER, directory]);
    expect(await server.ended).toBe(1);
    expect(server.stderr).toHaveLength(1);
    return server.stderr[0] ?? "";
  };

  test("a live server is there", async () => {
    const mount = mountPointIn(cleanup);
    await startServer(cleanup, mount);

    expect(await refusal(mount)).toBe(
      `error: mount point ${mount}: another plimsoll-shim is mounted there (hint: stop it, or choose another directory)`,
    );
    expect(await output("cat", `${mount}/meminfo`)).toMatch(/^MemTotal/);
  });

  test("a server that does not answer is there", async () => {
    const mount = mountPointIn(cleanup);
    const server = await startServer(cleanup, mount);
    process.kill(server.pid, "SIGSTOP");

    try {
      expect(await refusal(mount)).toMatch(/is mounted there and does not answer/);
    } finally {
      process.kill(server.pid, "SIGCONT");
    }
  });

  test("through a symbolic link the real directory is taken", async () => {
    const mount = mountPointIn(cleanup);
    mkdirSync(mount);
    const link = join(cleanup.temporaryFolder(), "link");
    symlinkSync(mount, link);
    await startServer(cleanup, link);

    expect(existsSync(`${mount}/meminfo`)).toBe(true);
  });
});
