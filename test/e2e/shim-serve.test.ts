import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "vitest";
import { Cleanup } from "../support/cleanup.ts";
import { hasFuseNative, libfuseEnvironment, mountPointIn, output } from "../support/fuse-mount.ts";
import { describeIf, hasFuse, isRoot } from "../support/host.ts";
import { expectNothingLeft, snapshotHost } from "../support/leaks.ts";
import { programArgv, type RunningProgram, startProgram } from "../support/run-program.ts";
import { waitFor } from "../support/wait-for.ts";

const MAIN_FOLDER = fileURLToPath(new URL("../../dist/lxcfs-shim", import.meta.url));

describeIf(isRoot, hasFuse)("plimsoll-shim serve", () => {
  const cleanup = new Cleanup();

  afterEach(() => cleanup.run());

  const ended = async (
    ...args: readonly string[]
  ): Promise<{ code: number | NodeJS.Signals; stderr: string }> => {
    const program = startProgram(cleanup, programArgv("plimsoll-shim", ...args));
    return { code: await program.ended, stderr: program.stderr.join("\n") };
  };

  test("serves LXCFS' layout, tells its state on stderr, ends with 0", async () => {
    const mount = mountPointIn(cleanup);
    const shim = startProgram(cleanup, programArgv("plimsoll-shim", "serve", "--mount", mount));
    const ready = JSON.parse(await shim.waitForLine(/"msg":"ready"/));

    expect(ready).toMatchObject({
      level: "info",
      mountPoint: mount,
      protocol: expect.stringMatching(/^7\./),
    });
    expect((await output("ls", `${mount}/proc`)).split("\n")).toContain("meminfo");
    expect(await output("cat", `${mount}/proc/meminfo`)).toMatch(/^MemTotal: /);
    expect(await output("cat", `${mount}/sys/devices/system/cpu/online`)).toMatch(/^\d/);
    expect(await shim.stop()).toBe(0);
    expect(shim.stdout).toEqual([]);
    expect(JSON.parse(shim.stderr.at(-1) ?? "")).toMatchObject({
      msg: "stopped",
      reason: "SIGTERM",
      operations: { open: { count: 2, errors: 0 } },
    });
  });

  test("a link to the launcher will do, and the configuration file may name the directory", async () => {
    const mount = mountPointIn(cleanup);
    const folder = cleanup.temporaryFolder();
    const [launcher = ""] = programArgv("plimsoll-shim");
    symlinkSync(launcher, join(folder, "shim"));
    writeFileSync(join(folder, "shim.yaml"), `mount: ${mount}\nlogLevel: trace\n`);
    const shim = startProgram(cleanup, [
      join(folder, "shim"),
      "serve",
      "--config",
      join(folder, "shim.yaml"),
    ]);
    await shim.waitForLine(/"msg":"ready"/);
    await output("cat", `${mount}/proc/uptime`);

    await shim.waitForLine(/"level":"trace".*"kind":"read"/);
    expect(await shim.stop("SIGINT")).toBe(0);
  });

  test("systemd is told when it is ready", async () => {
    const folder = cleanup.temporaryFolder();
    const commands = join(folder, "commands");
    mkdirSync(commands);
    writeFileSync(
      join(commands, "systemd-notify"),
      `#!/bin/sh\necho "$NOTIFY_SOCKET $*" >> ${folder}/told\n`,
      {
        mode: 0o755,
      },
    );
    const shim = startProgram(
      cleanup,
      programArgv("plimsoll-shim", "serve", "--mount", mountPointIn(cleanup)),
      { env: { NOTIFY_SOCKET: "/run/systemd/notify", PATH: `${commands}:${process.env.PATH}` } },
    );
    await shim.waitForLine(/"msg":"ready"/);

    // The holder gives its files to be kept meanwhile.
    const told = (): readonly string[] =>
      existsSync(`${folder}/told`) ? readFileSync(`${folder}/told`, "utf8").trim().split("\n").sort() : [];
    await waitFor("systemd-notify", () => told().length === 3);
    expect(await shim.stop()).toBe(0);
    expect(told()).toEqual([
      "/run/systemd/notify --fd=3 --fd=4 --fd=5 --fdname=callers",
      "/run/systemd/notify --fd=6 --fd=7 --fd=8 --fdname=named",
      "/run/systemd/notify --ready",
    ]);
  });

  test("what is wrong is one line: usage ends with 2, the rest with 1", async () => {
    const path = { PATH: "/nowhere" };
    const node = await output("which", "node").then((text) => text.trim());
    const noMount = startProgram(
      cleanup,
      [node, join(MAIN_FOLDER, "main.cjs"), "serve", "--mount", mountPointIn(cleanup)],
      { env: path },
    );
    const noDevice = startProgram(cleanup, [
      ...["unshare", "--mount", "sh", "-c", 'mount -t tmpfs none /dev && exec "$@"', "sh"],
      ...programArgv("plimsoll-shim", "serve", "--mount", mountPointIn(cleanup)),
    ]);
    const unprivileged = [
      "setpriv",
      "--reuid=65534",
      "--clear-groups",
      ...programArgv("plimsoll-shim", "serve"),
    ];
    const nobody = startProgram(cleanup, [...unprivileged, "--mount", "/tmp/x"]);

    expect(await ended("serve")).toEqual({
      code: 2,
      stderr: expect.stringMatching(/^error: no directory.*$/),
    });
    expect(await ended("serve", "--what")).toEqual({
      code: 2,
      stderr: "error: unknown option '--what' (hint: see plimsoll-shim --help)",
    });
    expect(await ended("serve", "--mount")).toEqual({
      code: 2,
      stderr: expect.stringMatching(/^error: option '--mount <dir>' argument missing/),
    });
    expect(await ended("serve", "--mount", "/proc")).toEqual({
      code: 1,
      stderr: "error: mount point /proc: proc is mounted there (hint: choose an empty directory)",
    });
    expect(await noMount.ended).toBe(1);
    expect(noMount.stderr).toEqual([
      expect.stringMatching(/^error: cannot mount on .*: mount: command not found/),
    ]);
    expect(await noDevice.ended).toBe(1);
    expect(noDevice.stderr).toEqual([expect.stringMatching(/^error: \/dev\/fuse cannot be opened: ENOENT/)]);
    expect(await nobody.ended).toBe(1);
    expect(nobody.stderr).toEqual([expect.stringMatching(/^error: plimsoll-shim serve needs root/)]);
  });
});

describeIf(
  isRoot,
  hasFuse,
  hasFuseNative,
)("plimsoll-shim serve --transport fuse-native", () => {
  const cleanup = new Cleanup();

  afterEach(() => cleanup.run());

  const serve = (
    mount: string,
    env: Record<string, string>,
    containerPid: number = process.pid,
  ): RunningProgram =>
    startProgram(
      cleanup,
      [
        ...programArgv("plimsoll-shim", "serve", "--mount", mount),
        ...["--transport", "fuse-native", "--container-pid", `${containerPid}`],
      ],
      { env },
    );

  test("serves one container's files; nothing is left after SIGTERM", async () => {
    const before = snapshotHost();
    const mount = mountPointIn(cleanup);
    const shim = serve(mount, libfuseEnvironment(cleanup));
    await shim.waitForLine(/"msg":"ready"/);

    expect(await output("cat", `${mount}/proc/meminfo`)).toMatch(/^MemTotal: /);
    expect((await output("ls", `${mount}/proc`)).split("\n")).toContain("uptime");
    expect(await shim.stop()).toBe(0);
    await expectNothingLeft(before);
  });

  test("without libfuse.so.2, or without its container, one line says so", async () => {
    const mount = mountPointIn(cleanup);
    const unequipped = serve(mount, {});
    const lost = serve(mount, {}, 2 ** 22 + 1);

    expect(await lost.ended).toBe(2);
    expect(lost.stderr).toEqual(["error: --container-pid: no process 4194305"]);
    if ((await output("ldconfig", "-p")).includes("libfuse.so.2")) return;
    expect(await unequipped.ended).toBe(1);
    expect(unequipped.stderr).toEqual([
      expect.stringMatching(
        /^error: the package fuse-native cannot be loaded: libfuse\.so\.2.*\(hint: apt-get/,
      ),
    ]);
  });
});
