import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ChangeRequest } from "../../provisioner/ct/request.ts";
import type { MachineView } from "../../provisioner/ct/views.ts";
import { planMachine, planRemoval } from "../../provisioner/plan/plan.ts";
import type { Machine, Observed } from "../../provisioner/resources/types.ts";
import { planShrink } from "../../provisioner/resources/volume.ts";
import type { Step } from "../../provisioner/step/steps.ts";
import { Cleanup } from "../support/cleanup.ts";
import { CT_LAB, CtLab, IMAGE } from "../support/ct-lab.ts";
import { describeIf } from "../support/host.ts";
import { expectNothingLeft, type HostSnapshot, snapshotHost } from "../support/leaks.ts";
import { MACHINE, NOTHING, observedOf } from "../support/machine-model.ts";
import { type RunningProgram, startProgram } from "../support/run-program.ts";

const SCRIPT = fileURLToPath(new URL("../support/ct-killed.mjs", import.meta.url));
const GROWN: Machine = {
  ...MACHINE,
  limits: { ...MACHINE.limits, memoryBytes: 2 ** 30 },
  disk: { ...MACHINE.disk, bytes: 2 ** 31 },
};
const REBUILT: Machine = { ...MACHINE, generation: 2, image: "debian:13" };
const STOPPED: Machine = { ...MACHINE, power: "off", disk: { bytes: 2 ** 30, fileSystem: "ext4" } };
const SHRUNK: Machine = { ...STOPPED, disk: { ...STOPPED.disk, bytes: 2 ** 29 } };
const STEPS = {
  create: planMachine({ ...NOTHING, hasImage: true }, MACHINE),
  resize: planMachine(observedOf(MACHINE), GROWN),
  rebuild: planMachine(observedOf(MACHINE), REBUILT),
  shrink: shrink(observedOf(STOPPED), SHRUNK),
  destroy: planRemoval(observedOf(MACHINE), MACHINE),
} as const;
function shrink(observed: Observed, wanted: Machine): readonly Step[] {
  const { steps, after } = planShrink(observed, wanted);
  return [...steps, ...planMachine(after, wanted)];
}
const numbered = (kind: keyof typeof STEPS): readonly (readonly [string, number])[] =>
  STEPS[kind].map((step, index) => [step.kind, index + 1]);

const names = ["web"];
const MIB = 2 ** 20;
const SERVE = ["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 0.1; done"];
const CREATE: ChangeRequest = {
  ...{ kind: "create", name: "web", image: IMAGE, command: [], net: "front", fs: "ext4" },
  ...{ cpus: "0.5", memory: "96M", disk: "32M", attach: "internal", type: "container", label: [] },
};

describeIf(...CT_LAB)("kill -9 of the provisioner", () => {
  const cleanup = new Cleanup();
  let lab: CtLab;
  let before: HostSnapshot;
  beforeAll(async () => {
    lab = await CtLab.open(cleanup);
    before = snapshotHost();
  });
  afterAll(() => cleanup.run());

  function start(request: ChangeRequest, step: number): RunningProgram {
    const argv = lab.inNamespace(process.execPath, SCRIPT, String(step), JSON.stringify(request));
    return startProgram(cleanup, argv, { env: lab.env });
  }

  /** Runs it until so many steps are made; the last of them is `expected`. */
  async function dieAfter(request: ChangeRequest, step: number, expected: string | undefined): Promise<void> {
    const killed = start(request, step);
    expect(await killed.ended, killed.lines.join("\n")).toBe("SIGKILL");
    expect(killed.stdout.at(-1)).toMatch(new RegExp(`^${expected} `));
  }

  async function expectResumed(kind: string, state: "done" | "undone"): Promise<void> {
    const why = state === "done" ? "" : " \\(.*\\)";
    expect((await lab.ct("repair")).stderr).toMatch(
      new RegExp(`^went on with an interrupted ${kind}: web ${state}${why}$`, "m"),
    );
  }

  async function expectAsPromised(): Promise<MachineView> {
    expect((await lab.ct("repair", "--dry-run")).stdout).toBe("nothing to do\n");
    const [web, ...others] = await lab.json("list");
    expect(others).toEqual([]);
    expect(web).toMatchObject({ name: "web", state: "running", busy: null });
    return web as MachineView;
  }

  /** What an earlier attempt at a test has left: it ends what was interrupted first. */
  async function destroyAll(): Promise<void> {
    const left = await lab.json("list");
    if (left.length > 0) await lab.ct("destroy", ...left.map(({ name }) => name));
  }

  async function expectGone(): Promise<void> {
    expect(await lab.json("list")).toEqual([]);
    expect((await lab.plimsoll("net", "show", "front", "--json")).stdout).toMatch(
      /"reserved":0,"bound":0,.*"problems":\[\]/,
    );
    expect(await lab.withEngine((engine) => engine.listContainers("io.plimsoll.machine"))).toEqual([]);
  }

  test.for(numbered("create"))(
    "after %s of a creation: the next start finishes it; and as far into the destruction",
    async ([kind, step]) => {
      await destroyAll();
      await dieAfter(CREATE, step, kind);
      await expectResumed("create", "done");
      await expectAsPromised();

      const at = Math.min(step, STEPS.destroy.length);
      await dieAfter({ kind: "destroy", names }, at, STEPS.destroy[at - 1]?.kind);
      await expectResumed("destroy", "done");
      await expectGone();
    },
  );

  describe("of a machine that lives", () => {
    let web: MachineView;
    beforeAll(async () => {
      // Not ext4: growing it online needs a capability that a root of less than a whole machine may lack.
      const size = ["--fs", "xfs", "--disk", "300M", "--memory", "96M"];
      [web] = (await lab.json("create", "web", "--image", IMAGE, "--net", "front", ...size)) as [MachineView];
      await lab.inside("web", "sh", "-c", "echo kept > /data/file");
    });
    afterAll(async () => void (await lab.ct("destroy", "web")));

    test.for(numbered("resize"))("after %s of a resize: the next start finishes it", async ([kind, step]) => {
      // From what it has: an earlier attempt at this test may have given it more already.
      const was = await expectAsPromised();
      const [memory, disk] = [was.memoryBytes / MIB + 16, was.diskBytes / MIB + 16];
      await dieAfter({ kind: "resize", names, memory: `${memory}M`, disk: `${disk}M` }, step, kind);
      await expectResumed("resize", "done");

      expect(await expectAsPromised()).toMatchObject({ ip: web.ip, memoryBytes: memory * MIB });
      expect(await lab.inside("web", "free", "-m")).toMatch(new RegExp(`Mem: +${memory} `));
    });

    test.for(numbered("rebuild"))(
      "after %s of a rebuild: the next start finishes it",
      async ([kind, step]) => {
        const { generation } = await expectAsPromised();
        await dieAfter({ kind: "rebuild", names, image: IMAGE, command: SERVE }, step, kind);
        await expectResumed("rebuild", "done");

        const { ip, mac } = web;
        expect(await expectAsPromised()).toMatchObject({ ip, mac, generation: generation + 1 });
        expect(await lab.inside("web", "cat", "/data/file")).toBe("kept");
      },
    );

    test("of a rebuild to what does not work: the next start brings the old one back", async () => {
      const { generation } = await expectAsPromised();
      const command = ["sh", "-c", "exit 3"];
      const created = STEPS.rebuild.findIndex(({ kind }) => kind === "createContainer") + 1;
      await dieAfter({ kind: "rebuild", names, image: IMAGE, command }, created, "createContainer");
      await expectResumed("rebuild", "undone");

      expect(await expectAsPromised()).toMatchObject({ generation, command: SERVE, ip: web.ip });
    });
  });

  describe("of a machine that is stopped", () => {
    let folder: string;
    beforeAll(async () => {
      const size = ["--fs", "ext4", "--disk", "64M", "--memory", "96M"];
      const made = ["create", "web", "--image", IMAGE, "--net", "front", ...size];
      const [web] = (await lab.json(...made)) as [MachineView];
      folder = join(lab.folder, "machines/volumes", web.id);
      writeFileSync(join(folder, "file"), "kept");
      await lab.json("stop", "web");
    });
    afterAll(async () => void (await lab.ct("destroy", "web")));

    test.for(numbered("shrink"))(
      "after %s of a shrinking: the next start finishes it",
      async ([kind, step]) => {
        const was = await lab.json<MachineView>("show", "web");
        const bytes = was.diskBytes - 8 * MIB;
        await dieAfter({ kind: "resize", names, disk: `${bytes / MIB}M` }, step, kind);
        await expectResumed("resize", "done");

        expect((await lab.ct("repair", "--dry-run")).stdout).toBe("nothing to do\n");
        const left = await lab.json<MachineView>("show", "web");
        expect(left).toMatchObject({ state: "stopped", busy: null, diskBytes: bytes });
        expect(statSync(`${folder}.img`).size).toBe(bytes);
        expect(readFileSync(join(folder, "file"), "utf8")).toBe("kept");
      },
    );
  });

  test("in the middle of steps: finished, or never begun", async () => {
    await destroyAll();
    for (const afterMs of [350, 450, 550, 700, 900]) {
      const running = start(CREATE, 99);
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
