import { mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { exec, startProcess } from "../../core/runtime/exec.ts";
import { packageVersion } from "../../core/runtime/version.ts";
import { Cleanup } from "../support/cleanup.ts";
import { mountPointIn, output } from "../support/fuse-mount.ts";
import { canServeContainers, describeIf, testIf } from "../support/host.ts";
import { leavesNothing } from "../support/leaks.ts";
import { programArgv, startProgram } from "../support/run-program.ts";
import { serverOf, startHeldShim, startReader, timesServed } from "../support/shim-readers.ts";
import { waitFor } from "../support/wait-for.ts";

/** Begins a hundred texts, then gets the rest of each; prints how many were whole. */
const READ_MANY = `
import os, sys
fds = [os.open(sys.argv[1], os.O_RDONLY) for _ in range(100)]
begun = [os.pread(fd, 10, 0) for fd in fds]
rests = [os.pread(fd, 1 << 20, 10) for fd in fds]
print(sum(a.startswith(b"cpu ") and b"\\nprocs_blocked " in b and b.endswith(b"\\n") for a, b in zip(begun, rests)))`;

const shimCommand = async (...args: readonly string[]): Promise<string> =>
  (await exec(programArgv("plimsoll-shim", ...args), { okCodes: [0, 3] })).stdout;

describeIf(...canServeContainers)("the holder of a mount", () => {
  const cleanup = new Cleanup();
  leavesNothing(cleanup);

  testIf()("upgrade: another server, the same mount, and no reader notices", async () => {
    const { shim, mount, container } = await startHeldShim(cleanup);
    const ends = (["whole", "pieces", "kept"] as const).map((mode) => startReader(cleanup, container, mode));

    for (const generation of [2, 3]) {
      const server = serverOf(shim.pid);
      expect(await shimCommand("upgrade", "--mount", mount)).toMatch(
        new RegExp(`^${mount}: (\\S+) → \\1, generation ${generation}\n$`),
      );
      expect(serverOf(shim.pid)).not.toBe(server);
    }
    await sleep(2200); // in a container's first two seconds nothing is kept
    const [status] = JSON.parse(await shimCommand("status", "--mount", mount, "--json"));
    const results = await Promise.all(ends.map((end) => end()));

    expect(results.flatMap(({ errors, torn }) => [...errors, ...torn])).toEqual([]);
    expect(status).toMatchObject({
      mountPoint: mount,
      generation: 3,
      pid: serverOf(shim.pid),
      holder: { pid: shim.pid },
      containers: 1,
      files: { "proc/meminfo": { errors: 0, p50Us: expect.any(Number), p99Us: expect.any(Number) } },
    });
    expect(status.files["proc/meminfo"].kept).toBeGreaterThan(0);
    expect(status.holder.residentBytes).toBeLessThan(5 * 2 ** 20);
    expect(await shimCommand("status", "--mount", mount)).toContain("generation  3");
    // It ends with 1 over whatever else is wrong on the host.
    const { stdout: findings } = await exec(programArgv("plimsoll-shim", "doctor"), { okCodes: [0, 1] });
    expect(findings).toContain(`ok     ${mount} is served, generation 3\n`);
  });

  testIf()("a new server that does not come up leaves the old one in place", async () => {
    const folder = cleanup.temporaryFolder();
    const config = join(folder, "shim.yaml");
    const mount = mountPointIn(cleanup);
    writeFileSync(config, `mount: ${mount}\n`);
    const shim = startProgram(cleanup, programArgv("plimsoll-shim", "serve", "--config", config));
    await shim.waitForLine(/"msg":"ready"/);
    const server = serverOf(shim.pid);
    writeFileSync(config, `mount: ${mount}\nfreshness: never\n`);
    process.kill(shim.pid, "SIGHUP");
    await shim.waitForLine(/^error: .*"never" is not a duration/);

    expect(await output("cat", `${mount}/proc/uptime`)).toMatch(/^\d/);
    expect(serverOf(shim.pid)).toBe(server);
    expect(await shim.stop()).toBe(0);
  });

  testIf()(
    "a server that crashes is started again, later each time; SIGTERM is heard meanwhile",
    async () => {
      const mount = mountPointIn(cleanup);
      const shim = startProgram(cleanup, programArgv("plimsoll-shim", "serve", "--mount", mount));
      for (let crash = 1; crash <= 3; crash++) {
        await waitFor("the next server", () => timesServed(shim) === crash);
        expect(await output("cat", `${mount}/proc/uptime`)).toMatch(/^\d/);
        process.kill(serverOf(shim.pid), "SIGABRT");
      }
      const told = () => shim.stderr.filter((line) => line.includes("the next one is started"));
      await waitFor("the third crash", () => told().length === 3);

      expect(told().map((line) => JSON.parse(line))).toMatchObject(
        [0, 1, 2].map((delaySeconds) => ({ level: "warn", part: "holder", code: 134, delaySeconds })),
      );
      expect(await shim.stop()).toBe(0);
      expect(timesServed(shim)).toBe(3);
      expect(readFileSync("/proc/self/mountinfo", "utf8")).not.toContain(mount);
    },
  );

  testIf()("without a server that answers it is found, says so, and is told to start another", async () => {
    const { shim, mount, container } = await startHeldShim(cleanup);
    const command = (...args: readonly string[]) =>
      exec(programArgv("plimsoll-shim", ...args), { okCodes: [0, 1], cwd: dirname(mount) });
    const here = ["--mount", `${basename(mount)}/`];
    const crash = async (signal: NodeJS.Signals): Promise<void> => {
      const served = timesServed(shim);
      process.kill(serverOf(shim.pid), signal);
      await waitFor("the next server", () => timesServed(shim) > served);
    };
    await crash("SIGABRT");
    await crash("SIGABRT");
    process.kill(serverOf(shim.pid), "SIGABRT");
    await shim.waitForLine(/"delaySeconds":2/);

    const { code, stderr } = await command("status", ...here);
    expect([code, stderr]).toEqual([
      1,
      `error: ${mount}: no server answers, holder ${shim.pid} starts another (hint: its log says why; plimsoll-shim upgrade does it now)\n`,
    ]);
    expect((await command("doctor")).stdout).toContain(`wrong  ${mount}: no server answers, readers wait`);
    expect((await command("attach", `${container.pid}`, ...here)).stderr).toContain("no server answers");
    expect((await command("upgrade", ...here)).stdout).toBe(
      `${mount}: no answer → ${packageVersion()}, generation 4\n`,
    );
    expect(timesServed(shim)).toBe(4);

    const hanging = serverOf(shim.pid);
    process.kill(hanging, "SIGSTOP");
    const reader = output("cat", `${mount}/proc/uptime`);
    expect((await command("upgrade", ...here)).stdout).toMatch(/: no answer → \S+, generation 5\n$/);
    expect(await reader).toMatch(/^\d/);
    expect(serverOf(shim.pid)).not.toBe(hanging);
    expect(JSON.parse((await command("status", ...here, "--json")).stdout)).toMatchObject([
      { generation: 5 },
    ]);
    expect(await shim.stop()).toBe(0);
  });

  testIf()("a full /dev/shm takes no text from a reader, nor the mount from the next server", async () => {
    const mount = mountPointIn(cleanup);
    const ownMemory = 'mount -t tmpfs -o size=1m none /dev/shm && exec "$@"';
    const serve = programArgv("plimsoll-shim", "serve", "--mount", mount);
    const shim = startProgram(cleanup, ["unshare", "--mount", "sh", "-c", ownMemory, "sh", ...serve]);
    await shim.waitForLine(/"msg":"ready"/);
    const inside = (...argv: readonly string[]): Promise<string> =>
      output("nsenter", "-t", `${shim.pid}`, "-m", ...argv);
    await expect(inside("sh", "-c", "cat /dev/zero > /dev/shm/filler")).rejects.toThrow("No space left");
    const readMany = () => inside("python3", "-c", READ_MANY, `${mount}/proc/stat`);

    expect(await readMany()).toBe("100\n");
    expect(await inside("sh", "-c", '"$0" doctor || true', ...programArgv("plimsoll-shim"))).toContain(
      "wrong  /dev/shm is full",
    );
    process.kill(serverOf(shim.pid), "SIGKILL");
    await waitFor("the next server", () => timesServed(shim) === 2);
    expect(await readMany()).toBe("100\n");
    expect(await shim.stop()).toBe(0);
  });

  testIf()("killed itself, it takes its server and the mount along", async () => {
    const mount = mountPointIn(cleanup);
    const shim = startProgram(cleanup, programArgv("plimsoll-shim", "serve", "--mount", mount));
    await shim.waitForLine(/"msg":"ready"/);
    process.kill(shim.pid, "SIGKILL");

    expect(await shim.ended).toBe("SIGKILL");
    await shim.waitForLine(/"reason":"holder ended".*"msg":"stopped"/);
    expect(readFileSync("/proc/self/mountinfo", "utf8")).not.toContain(mount);
  });

  testIf()("systemd keeps the mount for the holder it starts next", async () => {
    const folder = cleanup.temporaryFolder();
    const [mount, containers, names] = [mountPointIn(cleanup), mountPointIn(cleanup), join(folder, "names")];
    mkdirSync(names);
    writeFileSync(join(names, "host"), "0::/\n");
    // Keeps what systemd would be given to keep: it has the files itself.
    writeFileSync(join(folder, "systemd-notify"), `#!/bin/sh\necho "$*" >> ${folder}/told\n`, {
      mode: 0o755,
    });
    const stored = [
      { name: "callers", file: openSync(join(folder, "b"), "w+") },
      { name: "named", file: openSync("/dev/fuse", "r+") },
      { name: "named", file: openSync(join(folder, "c"), "w+") },
      { name: "callers", file: openSync("/dev/fuse", "r+") },
      { name: "callers", file: openSync(join(folder, "a"), "w+") },
      { name: "named", file: openSync(join(folder, "d"), "w+") },
    ];
    const serve = ["serve", "--mount", mount, "--containers-mount", containers, "--names", names];
    const startHolder = async (generation: number) => {
      const holder = startProcess(
        ["sh", "-c", 'LISTEN_PID=$$ exec "$@"', "sh", ...programArgv("plimsoll-shim", ...serve)],
        {
          stdio: ["ignore", "ignore", "inherit", ...stored.map(({ file }) => file)],
          env: {
            LISTEN_FDS: "6",
            LISTEN_FDNAMES: stored.map(({ name }) => name).join(":"),
            NOTIFY_SOCKET: "/none",
            PATH: `${folder}:${process.env.PATH}`,
            PLIMSOLL_SHIM_LOG_LEVEL: "warn",
          },
        },
      );
      cleanup.add("holder", () => void holder.kill("SIGKILL"));
      await waitFor("its server", async () => {
        const [status] = JSON.parse((await shimCommand("status", "--mount", mount, "--json")) || "[]");
        return status?.generation === generation;
      });
      return { holder, ended: new Promise((resolve) => holder.once("exit", resolve)) };
    };

    const first = await startHolder(1);
    await waitFor("systemd-notify", () =>
      readFileSync(join(folder, "told"), "utf8").includes("--fdname=named"),
    );
    first.holder.kill("SIGUSR2");
    expect(await first.ended).toBe(0);
    const reader = output("cat", `${mount}/proc/uptime`);
    const byName = output("cat", `${containers}/host/proc/uptime`);
    const second = await startHolder(2);

    expect(await reader).toMatch(/^\d/);
    expect(await byName).toMatch(/^\d/);
    second.holder.kill("SIGTERM");
    expect(await second.ended).toBe(0);
    expect(readFileSync("/proc/self/mountinfo", "utf8")).not.toContain(mount);
  });
});
