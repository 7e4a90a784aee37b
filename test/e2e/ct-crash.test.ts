import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { planMachine, planRemoval } from "../../provisioner/plan/plan.ts";
import { Cleanup } from "../support/cleanup.ts";
import { CT_LAB, CtLab, IMAGE } from "../support/ct-lab.ts";
import { describeIf } from "../support/host.ts";
import { expectNothingLeft, type HostSnapshot, snapshotHost } from "../support/leaks.ts";
import { MACHINE, NOTHING, observedOf } from "../support/machine-model.ts";
import { type RunningProgram, startProgram } from "../support/run-program.ts";

const SCRIPT = fileURLToPath(new URL("../support/ct-killed.mjs", import.meta.url));
const CREATION = planMachine({ ...NOTHING, hasImage: true }, MACHINE).map(({ kind }) => kind);
const REMOVAL = planRemoval(observedOf(MACHINE), MACHINE).map(({ kind }) => kind);

describeIf(...CT_LAB)("kill -9 of the provisioner", () => {
  const cleanup = new Cleanup();
  let lab: CtLab;
  let before: HostSnapshot;
  beforeAll(async () => {
    lab = await CtLab.open(cleanup);
    before = snapshotHost();
  });
  afterAll(() => cleanup.run());

  function start(kind: "create" | "destroy", step: number): RunningProgram {
    const argv = lab.inNamespace(process.execPath, SCRIPT, kind, "web", String(step), IMAGE);
    return startProgram(cleanup, argv, { env: lab.env });
  }

  /** Runs it until so many steps are made; the last of them is `expected`. */
  async function dieAfter(
    kind: "create" | "destroy",
    step: number,
    expected: string | undefined,
  ): Promise<void> {
    const killed = start(kind, step);
    expect(await killed.ended, killed.lines.join("\n")).toBe("SIGKILL");
    expect(killed.stdout.at(-1)).toMatch(new RegExp(`^${expected} `));
  }

  async function expectAsPromised(): Promise<void> {
    expect((await lab.ct("repair", "--dry-run")).stdout).toBe("nothing to do\n");
    expect(await lab.json("list")).toMatchObject([{ name: "web", state: "running", busy: null }]);
  }

  async function expectGone(): Promise<void> {
    expect(await lab.json("list")).toEqual([]);
    expect((await lab.plimsoll("net", "show", "front", "--json")).stdout).toMatch(
      /"reserved":0,"bound":0,.*"problems":\[\]/,
    );
    expect(await lab.withEngine((engine) => engine.listContainers("io.plimsoll.machine"))).toEqual([]);
  }

  test.for(CREATION.map((kind, index) => [kind, index + 1] as const))(
    "after %s of a creation: the next start finishes it; and as far into the destruction",
    async ([kind, step]) => {
      await dieAfter("create", step, kind);
      expect((await lab.ct("repair")).stderr).toBe("went on with an interrupted create: web done\n");
      await expectAsPromised();

      const at = Math.min(step, REMOVAL.length);
      await dieAfter("destroy", at, REMOVAL[at - 1]);
      expect((await lab.ct("repair")).stderr).toBe("went on with an interrupted destroy: web done\n");
      await expectGone();
    },
  );

  test("in the middle of steps: finished, or never begun", async () => {
    for (const afterMs of [350, 450, 550, 700, 900]) {
      const running = start("create", 99);
      await sleep(afterMs);
      await running.stop("SIGKILL");
      const { code, stderr } = await lab.ct("repair");
      expect(code, stderr).toBe(0);
      if (stderr === "") continue;
      await expectAsPromised();
      expect((await lab.ct("destroy", "web")).code).toBe(0);
    }
    await expectGone();
    await expectNothingLeft(before);
  });
});
