import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../../../../core/runtime/clock.ts";
import { PlimsollError } from "../../../../core/runtime/errors.ts";
import { listMachines } from "../../../../provisioner/machines/machines.ts";
import { type Change, type Ending, Journal } from "../../../../provisioner/operations/journal.ts";
import { ADDRESS_CONFLICT, runOperation } from "../../../../provisioner/operations/run.ts";
import { planMachine, planRemoval } from "../../../../provisioner/plan/plan.ts";
import type { Machine, Observed } from "../../../../provisioner/resources/types.ts";
import type { Step } from "../../../../provisioner/step/steps.ts";
import { countRevocable } from "../../../../provisioner/step/undo.ts";
import { openEmbeddedStore } from "../../../../provisioner/store/embedded.ts";
import type { Store } from "../../../../provisioner/store/types.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { MACHINE, NOTHING, observedOf } from "../../../support/machine-model.ts";
import { ModelHost, SILENT } from "../../../support/operation-model.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

let store: Store;
let journal: Journal;
let host: ModelHost;
const running = new AbortController().signal;

beforeEach(() => {
  store = openEmbeddedStore(join(cleanup.temporaryFolder(), "state.db"));
  cleanup.add("store", () => store.close());
  journal = new Journal(store, systemClock, "h1");
  host = new ModelHost();
});

const machineOf = (number: number): Machine => ({
  ...MACHINE,
  id: `00000000-0000-4000-8000-00000000000${number}`,
  name: `web-${number}`,
});
const recordOf = (machine: Machine): NonNullable<Change["after"]> => ({ machine, host: "h1", createdMs: 1 });
const creationOf = (machine: Machine): Change => ({
  after: recordOf(machine),
  steps: planMachine(NOTHING, machine),
});
const dies = (): Promise<void> => new Promise(() => {});
const fails = async (): Promise<void> => {
  throw new PlimsollError("TEST", "it broke");
};
const states = (endings: readonly Ending[]): readonly string[] => endings.map(({ state }) => state);

async function create(...machines: readonly Machine[]): Promise<readonly Ending[]> {
  const operation = await journal.begin("create", "together", machines.map(creationOf));
  return runOperation(journal, operation, host, SILENT, running);
}

/** As the next process does that finds an operation in the journal. */
async function resume(): Promise<readonly Ending[]> {
  const [operation] = await journal.list();
  if (operation === undefined) return [];
  return runOperation(journal, operation, host, SILENT, running);
}

/** Runs an operation until `at` of its steps are made, and never any further. */
async function runAndDie(kind: "create" | "rebuild" | "destroy", change: Change, at: number): Promise<void> {
  const operation = await journal.begin(kind, "apart", [change]);
  let made = 0;
  const death = new Promise<void>((resolve) => {
    host.after = () => {
      made++;
      if (made < at) return Promise.resolve();
      resolve();
      return dies();
    };
  });
  void runOperation(journal, operation, host, SILENT, running);
  await death;
  host.after = async () => {};
}

test("made whole, and nothing is left in the journal", async () => {
  expect(states(await create(machineOf(1), machineOf(2)))).toEqual(["done", "done"]);

  expect(host.see(machineOf(1).id)).toEqual(observedOf(machineOf(1)));
  expect(await journal.list()).toEqual([]);
  expect((await listMachines(store)).map(({ machine, busy }) => [machine, busy])).toEqual([
    [machineOf(1), undefined],
    [machineOf(2), undefined],
  ]);
});

test("one that fails has all taken back, and the name is free again", async () => {
  host.before = (step) =>
    step.kind === "startContainer" && step.machine.name === "web-2" ? fails() : Promise.resolve();
  const endings = await create(machineOf(1), machineOf(2));

  expect(states(endings)).toEqual(["undone", "undone"]);
  expect(endings.map(({ track }) => track.error)).toEqual([undefined, "it broke"]);
  expect(host.see(machineOf(1).id)).toEqual({ ...NOTHING, hasImage: true });
  expect(host.see(machineOf(2).id)).toEqual({ ...NOTHING, hasImage: true });
  expect(await listMachines(store)).toEqual([]);
  host.before = async () => {};
  expect(states(await create(machineOf(1)))).toEqual(["done"]);
});

test("what can neither go on nor back stays, and the next one ends it", async () => {
  host.before = (step) =>
    ["startContainer", "removeContainer"].includes(step.kind) ? fails() : Promise.resolve();
  const [ending] = await create(machineOf(1));

  expect(ending).toMatchObject({ state: "stuck", track: { error: "it broke; not taken back: it broke" } });
  expect((await listMachines(store))[0]?.busy).toBe("create");
  const again = await resume();
  host.before = async () => {};
  const atLast = await resume();
  // However often it is tried, who asks reads why once, and at the end nothing of what was in the way.
  expect(again.map(({ state, track }) => [state, track.error])).toEqual([
    ["stuck", "it broke; not taken back: it broke"],
  ]);
  expect(atLast.map(({ state, track }) => [state, track.error])).toEqual([["undone", "it broke"]]);
  expect(await listMachines(store)).toEqual([]);
});

test("a stranger at the address: another one is reserved, three times at most", async () => {
  let strangers = 0;
  host.before = async (step) => {
    if (step.kind !== "probeAddress" || strangers >= 2) return;
    strangers++;
    host.put(step.machine.id, { ...host.see(step.machine.id), address: undefined, card: undefined });
    throw new PlimsollError(ADDRESS_CONFLICT, "in use");
  };

  expect(states(await create(machineOf(1)))).toEqual(["done"]);
  expect(host.made.filter(({ kind }) => kind === "reserveAddress")).toHaveLength(3);
  expect(host.see(machineOf(1).id)).toEqual(observedOf(machineOf(1)));
  strangers = Number.NEGATIVE_INFINITY;
  expect(states(await create(machineOf(2)))).toEqual(["undone"]);
});

test("an address that was asked for is not replaced", async () => {
  host.before = async (step) => {
    if (step.kind === "probeAddress") throw new PlimsollError(ADDRESS_CONFLICT, "in use");
  };

  expect(states(await create({ ...machineOf(1), address: "10.0.0.7" }))).toEqual(["undone"]);
});

test("an interruption is like a failure of the next step", async () => {
  const controller = new AbortController();
  const operation = await journal.begin("create", "together", [creationOf(machineOf(1))]);
  host.after = async (step) => {
    if (step.kind === "mountVolume") controller.abort();
  };

  expect(states(await runOperation(journal, operation, host, SILENT, controller.signal))).toEqual(["undone"]);
  expect(host.see(machineOf(1).id)).toEqual({ ...NOTHING, hasImage: true });
});

test("two at once for one name: one of them is refused", async () => {
  await create(machineOf(1));

  await expect(create({ ...machineOf(2), name: "web-1" })).rejects.toThrow(
    "container web-1: is there already",
  );
});

test("whoever has lost the host to another notices at the next step", async () => {
  const operation = await journal.begin("create", "together", [creationOf(machineOf(1))]);
  await runOperation(journal, operation, host, SILENT, running);

  await expect(runOperation(journal, operation, host, SILENT, running)).rejects.toThrow("another process");
});

const REBUILT: Machine = { ...machineOf(1), generation: 2, image: "debian:13" };
const READY = observedOf(machineOf(1));
const LIVES: Readonly<
  Record<"create" | "rebuild" | "destroy", { from: Observed; steps: readonly Step[]; to: Observed }>
> = {
  create: { from: NOTHING, steps: planMachine(NOTHING, machineOf(1)), to: READY },
  rebuild: { from: READY, steps: planMachine(READY, REBUILT), to: observedOf(REBUILT) },
  destroy: { from: READY, steps: planRemoval(READY, machineOf(1)), to: { ...NOTHING, hasImage: true } },
};

describe.for(Object.entries(LIVES))("a %s that is killed", ([kind, { from, steps, to }]) => {
  const after = kind === "destroy" ? undefined : recordOf(kind === "rebuild" ? REBUILT : machineOf(1));

  async function begin(at: number): Promise<void> {
    if (kind !== "create") await create(machineOf(1));
    const [found] = await listMachines(store);
    host.put(machineOf(1).id, from);
    await runAndDie(kind as keyof typeof LIVES, { before: found, after, steps }, at);
  }

  test.for(steps.map((step, index) => [step.kind, index + 1] as const))(
    "after %s is finished by the next",
    async ([, at]) => {
      await begin(at);

      expect(states(await resume())).toEqual(["done"]);
      expect(host.see(machineOf(1).id)).toEqual(to);
      expect(await journal.list()).toEqual([]);
    },
  );

  test.for(steps.slice(0, countRevocable(steps)).map((step, index) => [step.kind, index + 1] as const))(
    "after %s is taken back by the next, when it cannot go on",
    async ([, at]) => {
      await begin(at);
      let hasFailed = false;
      host.before = (step) => {
        if (hasFailed || steps.findIndex(({ kind: each }) => each === step.kind) < at - 1)
          return Promise.resolve();
        hasFailed = true;
        return fails();
      };

      expect(states(await resume())).toEqual(["undone"]);
      expect({ ...host.see(machineOf(1).id), hasImage: from.hasImage }).toEqual(from);
      expect(await listMachines(store)).toHaveLength(kind === "create" ? 0 : 1);
    },
  );
});
