import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { exec } from "../../core/runtime/exec.ts";
import { packageDirectory } from "../../core/runtime/version.ts";
import { Cleanup } from "../support/cleanup.ts";
import { importImage, type PrivateDocker, startDocker } from "../support/docker.ts";
import {
  type Condition,
  canServeContainers,
  describeIf,
  hasCommand,
  hasDocker,
  testIf,
} from "../support/host.ts";
import { expectNothingLeft, type HostSnapshot, snapshotHost } from "../support/leaks.ts";
import { programArgv, startProgram } from "../support/run-program.ts";
import { writeStaticProgram } from "../support/static-image.ts";
import { waitFor } from "../support/wait-for.ts";

const IMAGE = "plimsoll-test:attach";
const SCRATCH = "plimsoll-test:scratch";
const WATCHED = 20;

const isX64: Condition = { reason: "needs x86-64", met: () => process.arch === "x64" };

/** Containers of Docker's, made without a flag of ours. */
describeIf(
  ...canServeContainers,
  hasCommand("perl"),
  ...hasDocker,
)("in Docker", () => {
  const cleanup = new Cleanup();
  let before: HostSnapshot;
  let docker: PrivateDocker;
  let mount = "";
  const containers: string[] = [];

  beforeAll(async () => {
    before = snapshotHost();
    const folder = cleanup.temporaryFolder();
    mount = join(folder, "shim");
    const runtimes = [
      ["plimsoll"],
      ["strict", "--strict", "--shim=/nowhere"],
      ["lenient", "--shim=/nowhere"],
    ].map(([name = "", ...args]) => {
      const path = join(folder, name);
      const program = join(packageDirectory(), "bin/plimsoll-runc");
      writeFileSync(
        path,
        `#!/bin/sh\nexec ${program} ${["--shim=".concat(mount), ...args].join(" ")} "$@"\n`,
        {
          mode: 0o755,
        },
      );
      return `--add-runtime=${name}=${path}`;
    });
    docker = await startDocker(cleanup, ...runtimes);
    await importImage(cleanup, docker, IMAGE);
    const shim = startProgram(cleanup, programArgv("plimsoll-shim", "serve", "--mount", mount));
    cleanup.add("shim", async () => expect(await shim.stop()).toBe(0));
    await shim.waitForLine(/"msg":"ready"/);
  });

  afterAll(async () => {
    if (containers.length > 0) await cli("rm", "-f", ...containers); // while the engine, started anew, still runs
    await cleanup.run();
    await expectNothingLeft(before);
  });

  async function cli(...argv: readonly string[]): Promise<string> {
    return (await exec(["docker", ...argv], { env: docker.env, timeoutMs: 60_000 })).stdout.trim();
  }

  async function run(...argv: readonly string[]): Promise<string> {
    const id = await cli("run", "-d", "--network", "none", ...argv);
    containers.push(id);
    return id;
  }

  async function shimCommand(...args: readonly string[]): Promise<string> {
    return (await exec(programArgv("plimsoll-shim", ...args), { env: docker.env })).stdout;
  }

  const attach = (...args: readonly string[]): Promise<string> =>
    shimCommand("attach", "--mount", mount, ...args);

  test("a container that runs gets true figures, by its name", async () => {
    const id = await run("--name", "web", "--memory", "256m", "--cpus", "1.5", IMAGE, "sleep", "600");
    expect(await attach("docker:web")).toMatch(/^\d+ web: \d+ placed(, \d+ absent)?\n$/);

    expect(await cli("exec", id, "free", "-m")).toMatch(/^Mem: +256 /m);
    expect(await cli("exec", id, "grep", "-c", "^processor", "/proc/cpuinfo")).toBe("2");
    expect(await shimCommand("detach", "docker:web")).toMatch(/^\d+ web: \d+ taken\n$/);
    expect(await cli("exec", id, "free", "-m")).not.toMatch(/^Mem: +256 /m);
  });

  testIf(isX64)("an image with nothing in it but one static program, its root read-only", async () => {
    const root = join(cleanup.temporaryFolder(), "scratch");
    writeStaticProgram(root);
    await exec(["tar", "-C", root, "-cf", `${root}.tar`, "."]);
    await cli("import", `${root}.tar`, SCRATCH);
    const id = await run("--read-only", "--memory", "64m", SCRATCH, "/pause");
    const pid = await cli("inspect", "-f", "{{.State.Pid}}", id);

    expect(await attach(`docker:${id}`)).toMatch(/ \d+ placed/);
    // In the container's namespaces, but with the host's root: a program that the image does not have.
    const inside = ["nsenter", "-t", pid, "--pid", "--mount", "--root=/"];
    const { stdout } = await exec([...inside, "head", "-1", `/proc/${pid}/root/proc/meminfo`]);
    expect(stdout).toBe("MemTotal:          65536 kB\n");
  });

  test("an engine's containers, all at once; those whose files are right are left alone", async () => {
    await run("--name", "first", "--memory", "64m", IMAGE, "sleep", "600");
    await run("--name", "second", "--memory", "128m", IMAGE, "sleep", "600");
    const all = async () => JSON.parse(await attach("--all", "--docker-only", "--json"));
    const outcomes = (attachments: readonly { container: string; files: readonly { outcome: string }[] }[]) =>
      Object.fromEntries(
        attachments.map(({ container, files }) => [
          container,
          files.some(({ outcome }) => outcome === "placed"),
        ]),
      );

    expect(outcomes(await all())).toMatchObject({ first: true, second: true });
    expect(outcomes(await all())).toMatchObject({ first: false, second: false });
    expect(await cli("exec", "first", "head", "-1", "/proc/meminfo")).toBe("MemTotal:          65536 kB");
    expect(await cli("exec", "second", "head", "-1", "/proc/meminfo")).toBe("MemTotal:         131072 kB");
  });

  test("--watch covers every container that starts, also when Docker was away, and ends when it is told to", async () => {
    const argv = programArgv("plimsoll-shim", "attach", "--watch", "--docker-only", "--mount", mount);
    const watch = startProgram(cleanup, argv, { env: docker.env });
    await run("--name", "before", IMAGE, "sleep", "600");
    await watch.waitForLine(/"container":"before"/);
    const names = Array.from({ length: WATCHED }, (_, index) => `watched-${index}`);
    for (const name of names) await run("--name", name, "--memory", "64m", IMAGE, "sleep", "600");

    const covered = await waitFor("every container", () => {
      const lines = watch.stderr.map((line) => JSON.parse(line));
      const started = lines.filter(({ msg, container }) => msg === "covered" && names.includes(container));
      return started.length === WATCHED && started;
    });
    expect(await cli("exec", names[0] ?? "", "head", "-1", "/proc/meminfo")).toBe(
      "MemTotal:          65536 kB",
    );
    const times: number[] = covered.map(({ afterMs }) => afterMs).sort((a: number, b: number) => a - b);
    console.info(`covered after: p50 ${times[WATCHED / 2]} ms, longest ${times.at(-1)} ms of ${WATCHED}`);

    await docker.restart();
    await run("--name", "after", IMAGE, "sleep", "600");
    await watch.waitForLine(/"container":"after".*"msg":"covered"/);
    expect(await watch.stop()).toBe(0);
    expect(JSON.parse(watch.stderr.at(-1) ?? "")).toMatchObject({ msg: "stopped" });
  });

  test("made by plimsoll-runc, a container has its figures before its first process runs", async () => {
    const first = ["head", "-qn1", "/proc/meminfo", "/proc/self/mountinfo"];
    const argv = ["run", "--rm", "--network", "none", "--memory", "64m"];

    expect(await cli(...argv, "--runtime", "plimsoll", IMAGE, ...first)).toMatch(/^MemTotal: +65536 kB$/m);
    const mounts = await cli(
      ...argv,
      "--runtime",
      "plimsoll",
      "--read-only",
      IMAGE,
      "cat",
      "/proc/self/mountinfo",
    );
    expect(mounts).toMatch(/ \/proc\/zoneinfo ro,.*noatime .* fuse\.plimsoll /);
    expect(await cli(...argv, "--runtime", "lenient", IMAGE, ...first)).not.toMatch(/^MemTotal: +65536 kB$/m);
    const strict = ["docker", ...argv, "--runtime", "strict", IMAGE, ...first];
    const { stderr } = await exec(strict, { env: docker.env, okCodes: [125] });
    expect(stderr).toMatch(/plimsoll-runc: plimsoll-mounts: \/nowhere: No such file or directory/);
  });

  test("what plimsoll-runc costs at a container's start", async () => {
    const took = async (runtime: string): Promise<number> => {
      const start = performance.now();
      await cli("run", "--rm", "--network", "none", "--runtime", runtime, IMAGE, "env");
      return performance.now() - start;
    };
    const times: Record<string, number[]> = { runc: [], plimsoll: [] };
    for (let round = 0; round < 8; round++)
      for (const runtime of ["runc", "plimsoll"]) times[runtime]?.push(await took(runtime));
    const median = (runtime: string): number => times[runtime]?.sort((a, b) => a - b)[4] ?? Number.NaN;

    console.info(
      `docker run: runc ${median("runc").toFixed(0)} ms, plimsoll ${median("plimsoll").toFixed(0)} ms`,
    );
    expect(times.plimsoll).toHaveLength(8);
  });
});
