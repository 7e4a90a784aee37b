import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Cleanup } from "../support/cleanup.ts";
import { CT_LAB, CtLab, IMAGE } from "../support/ct-lab.ts";
import { describeIf } from "../support/host.ts";
import { type RunningProgram, startProgram } from "../support/run-program.ts";
import { waitFor } from "../support/wait-for.ts";

const CREATE = ["create", "web", "--image", IMAGE, "--net", "front", "--disk", "32M", "--memory", "96M"];

describeIf(...CT_LAB)("Ctrl-C while the engine hangs", () => {
  const cleanup = new Cleanup();
  let lab: CtLab;
  beforeAll(async () => {
    lab = await CtLab.open(cleanup);
  });
  afterAll(() => cleanup.run());

  const start = (...args: readonly string[]): RunningProgram =>
    startProgram(cleanup, lab.argv("ct", ...args), { env: lab.env });

  async function expectGone(): Promise<void> {
    expect(await lab.withEngine((engine) => engine.listContainers("io.plimsoll.machine"))).toEqual([]);
    expect(await lab.switchHost.database.vsctl("list-ports", "br0")).toBe("gw");
    const volumes = join(lab.folder, "machines/volumes");
    expect(existsSync(volumes) ? readdirSync(volumes) : []).toEqual([]);
  }

  /** Begins a creation, and has the engine hang in the middle of it. */
  async function beginCreation(): Promise<RunningProgram> {
    const creation = start(...CREATE);
    const isMade = (): Promise<boolean> =>
      lab.withEngine(async (engine) => (await engine.listContainers("io.plimsoll.machine")).length > 0);
    await waitFor("the holder", isMade, 60_000);
    lab.docker.pause();
    return creation;
  }

  test("planning ends; nothing is begun", async () => {
    lab.docker.pause();
    const creation = start(...CREATE);
    const lock = join(lab.folder, "machines/lock");
    await waitFor(
      "its lock",
      () => existsSync(lock) && readFileSync(lock, "utf8").startsWith(`${creation.pid} `),
    );

    expect(await creation.stop("SIGINT")).toBe(130);
    lab.docker.resume();
    expect(await lab.json("list")).toEqual([]);
  });

  test("an operation ends; what it could not take back the next command does", async () => {
    const creation = await beginCreation();

    expect(await creation.stop("SIGINT")).toBe(130);
    expect(creation.stderr.join("\n")).toMatch(
      /^error: container web: .*no answer.*next plimsoll ct command/,
    );
    lab.docker.resume();
    expect((await lab.ct("repair")).stderr).toMatch(/^went on with an interrupted create: web undone /);
    expect(await lab.json("list")).toEqual([]);
    await expectGone();
  });

  test("asked of the daemon, it is taken back there once the engine answers", async () => {
    const daemon = await lab.serve("--interval", "1s");
    const creation = await beginCreation();

    expect(await creation.stop("SIGTERM")).toBe(130);
    lab.docker.resume();
    await waitFor("taken back", async () => (await lab.json("list")).length === 0, 60_000);
    expect(await daemon.stop("SIGTERM")).toBe(0);
    await expectGone();
  });

  test("a daemon ends in time, and the next goes on with what was under way", async () => {
    const daemon = await lab.serve("--stop-within", "2s");
    const creation = await beginCreation();

    expect(await daemon.stop("SIGTERM")).toBe(1);
    expect(daemon.lines.at(-1)).toContain("left to the next start");
    lab.docker.resume();
    const next = await lab.serve();
    expect(await creation.ended).toBe(0);
    expect(await lab.json("list")).toMatchObject([{ name: "web", state: "running", busy: null }]);
    expect(await lab.ct("destroy", "web")).toMatchObject({ code: 0, stderr: "" });
    expect(await next.stop("SIGTERM")).toBe(0);
    await expectGone();
  });

  test("a command inside is left alone", async () => {
    expect((await lab.ct(...CREATE)).code).toBe(0);
    for (const options of [[], ["--interactive"]]) {
      const inside = start("exec", ...options, "web", "--", "sh", "-c", "echo begun; sleep 1000");
      await inside.waitForLine(/begun/);
      expect(await inside.stop("SIGINT")).toBe(130);
    }
    expect((await lab.ct("destroy", "web")).code).toBe(0);
  });
});
