import { afterAll, beforeAll, expect, test } from "vitest";
import { openDockerEngine } from "../../provisioner/docker/engine.ts";
import { LAYOUT } from "../../provisioner/up/layout.ts";
import { Cleanup } from "../support/cleanup.ts";
import { importImage, type PrivateDocker, startDocker } from "../support/docker.ts";
import { freePort } from "../support/free-port.ts";
import { canMakeCgroups, canUnshare, describeIf, hasCommand, hasFuse, isRoot } from "../support/host.ts";
import { expectNothingLeft, snapshotHost } from "../support/leaks.ts";
import { programArgv, type RunningProgram, startProgram } from "../support/run-program.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

const IMAGE = "plimsoll-test:1";
const conditions = [isRoot, hasFuse, canMakeCgroups, canUnshare, hasCommand("dockerd"), hasCommand("runc")];

describeIf(...conditions)("plimsoll up --docker", () => {
  let docker: PrivateDocker;
  beforeAll(async () => {
    docker = await startDocker(cleanup);
    await importImage(cleanup, docker, IMAGE);
  });

  async function startUp(...args: readonly string[]): Promise<RunningProgram> {
    const argv = programArgv("plimsoll", "up", "--docker", "--port", String(await freePort()), ...args);
    return startProgram(cleanup, argv, { env: docker.env });
  }

  async function sampleExists(): Promise<boolean> {
    const engine = openDockerEngine(docker.socket);
    try {
      return (await engine.initPid(LAYOUT.dockerName)) > 0;
    } catch {
      return false;
    } finally {
      await engine.close();
    }
  }

  test("a container of the engine sees its limits and reports by its own address", async () => {
    const before = snapshotHost();
    const up = await startUp("--image", IMAGE, "--once", "--json");

    expect(await up.ended, up.stderr.join("\n")).toBe(0);

    const { comparison, figures } = JSON.parse(up.stdout.join("\n"));
    const inside = Object.fromEntries(
      comparison.map((row: { command: string; container: string }) => [row.command, row.container]),
    );
    expect(inside.nproc).toBe("1");
    expect(inside["grep -c ^processor /proc/cpuinfo"]).toBe("1");
    expect(inside["free -m"]).toMatch(/Mem: +512 /);
    expect(inside.uptime).toMatch(/up 0 min/);
    expect(figures.memoryTotalBytes).toBe(512 * 2 ** 20);
    expect(await sampleExists()).toBe(false);
    await expectNothingLeft(before);
  });

  test("a container that a kill -9 left running is removed by the next start", async () => {
    const before = snapshotHost();
    const killed = await startUp("--image", IMAGE);
    await killed.waitForLine(/Ctrl-C/, 60_000);
    await killed.stop("SIGKILL");
    expect(await sampleExists()).toBe(true);

    const next = await startUp("--image", IMAGE, "--once");

    expect(await next.ended, next.stderr.join("\n")).toBe(0);
    expect(await sampleExists()).toBe(false);
    await expectNothingLeft(before);
  });

  test("an image that is not there and cannot be pulled, and an engine that is not there: one clear line each", async () => {
    const before = snapshotHost();
    const noImage = await startUp("--image", "plimsoll-no-such-image:1", "--once");
    expect(await noImage.ended).toBe(1);
    const noEngine = startProgram(cleanup, programArgv("plimsoll", "up", "--docker", "--once"), {
      env: { DOCKER_HOST: "unix:///nowhere/docker.sock" },
    });
    expect(await noEngine.ended).toBe(1);

    expect(noImage.stderr).toEqual([expect.stringMatching(/^error: docker/)]);
    expect(noEngine.stderr).toEqual([expect.stringMatching(/^error: .*no engine answers at .nowhere/)]);
    await expectNothingLeft(before);
  });
});
