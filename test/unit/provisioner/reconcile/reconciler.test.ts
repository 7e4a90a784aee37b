import { beforeEach, describe, expect, test } from "vitest";
import type { Clock } from "../../../../core/runtime/clock.ts";
import { PlimsollError } from "../../../../core/runtime/errors.ts";
import { Turns } from "../../../../provisioner/operations/turns.ts";
import type { Keeper } from "../../../../provisioner/reconcile/keeper.ts";
import { Reconciler } from "../../../../provisioner/reconcile/reconciler.ts";
import type { Machine, Observed } from "../../../../provisioner/resources/types.ts";
import { isDiskGone } from "../../../../provisioner/resources/volume.ts";
import { MACHINE, observedOf } from "../../../support/machine-model.ts";
import { ManualClock, settle } from "../../../support/manual-clock.ts";
import { ModelHost } from "../../../support/operation-model.ts";
import { recordLog } from "../../../support/record-log.ts";

const machineOf = (number: number): Machine => ({ ...MACHINE, id: `id-${number}`, name: `web-${number}` });

/** A host of machines as plain data. */
class Model implements Keeper {
  readonly host = new ModelHost();
  readonly machines = new Map<string, Machine>();
  readonly troubles: [name: string, text: string | undefined][] = [];
  looks = 0;
  busy = new Set<string>();
  repairing = 0;
  mostRepairing = 0;
  fail: (machine: Machine) => string | undefined = () => undefined;

  add(machine: Machine, observed: Observed = observedOf(machine)): void {
    this.machines.set(machine.id, machine);
    this.host.put(machine.id, observed);
  }

  /** Its program ends. */
  crash({ id }: Machine): void {
    const seen = this.host.see(id);
    const containers = seen.containers.map((each) => ({ ...each, isRunning: false, isInPlace: false }));
    this.host.put(id, { ...seen, containers });
  }

  async list() {
    return [...this.machines.keys()];
  }

  async find(id: string) {
    return this.busy.has(id) ? undefined : this.machines.get(id);
  }

  async plan(machine: Machine) {
    this.looks++;
    if (isDiskGone(this.host.see(machine.id)))
      throw new PlimsollError("DISK_GONE", `container ${machine.name}: its data disk is gone`);
    return this.host.plan(machine);
  }

  async repair(machine: Machine) {
    this.repairing++;
    this.mostRepairing = Math.max(this.mostRepairing, this.repairing);
    await clock.sleep(20);
    const problem = this.fail(machine);
    if (problem === undefined)
      for (const step of await this.host.plan(machine)) await this.host.perform(step);
    this.repairing--;
    return problem;
  }

  async tellTrouble(_: string, name: string, text: string | undefined) {
    this.troubles.push([name, text]);
  }

  async listTroubled(): Promise<readonly string[]> {
    return [];
  }
}

/** Somebody sets the wall clock while time passes as ever. */
class JumpingClock implements Clock {
  readonly #clock: Clock;
  jumpMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  nowMs(): number {
    return this.#clock.nowMs() + this.jumpMs;
  }

  monotonicMs(): number {
    return this.#clock.monotonicMs();
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return this.#clock.sleep(ms, signal);
  }
}

let model: Model;
let clock: ManualClock;
let turns: Turns;
let over: AbortController;
let reconciler: Reconciler;
const web = machineOf(1);

beforeEach(() => {
  model = new Model();
  clock = new ManualClock();
  turns = new Turns();
  over = new AbortController();
  reconciler = new Reconciler({ keeper: model, turns, clock, log: recordLog(), signal: over.signal });
  model.add(web);
});

/** Lets the loops work for so long. */
async function pass(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 100) {
    await clock.advance(Math.min(100, left));
    for (let turn = 0; turn < 5; turn++) await settle();
  }
}

async function survey(print = "as it is"): Promise<void> {
  const done = reconciler.compare(new Map([...model.machines.keys()].map((id) => [id, print])));
  await pass(200);
  await done;
}

const isRunning = ({ id }: Machine): boolean =>
  model.host.see(id).containers.some((container) => container.isRunning);

test("a cause to look: what is missing is done, and it is looked at again by those who come meanwhile", async () => {
  model.crash(web);
  reconciler.poke(web.id);
  await pass(200);

  expect(isRunning(web)).toBe(true);
  expect(model.host.made.map(({ kind }) => kind)).toEqual(["startContainer", "verifyMachine"]);
});

test("several causes at once are one look, and one in the middle of a look is another", async () => {
  for (let count = 0; count < 5; count++) reconciler.poke(web.id);
  await pass(300);
  expect(model.looks).toBe(1);

  const endTurn = await turns.take([web.name]);
  reconciler.poke(web.id);
  await pass(300);
  expect(model.looks).toBe(1);
  reconciler.poke(web.id);
  endTurn();
  await pass(300);
  expect(model.looks).toBe(3);
});

test("whoever has the machine's turn is waited for; one that is busy, gone or stopped is left alone", async () => {
  model.crash(web);
  model.busy.add(web.id);
  reconciler.poke(web.id);
  await pass(300);
  expect(model.looks).toBe(0);

  const off = { ...machineOf(2), power: "off" as const };
  model.add(off);
  reconciler.poke(off.id);
  reconciler.poke("id-of-nobody");
  await pass(300);
  expect(model.host.made).toEqual([]);
});

test("many at once, never more than eight side by side", async () => {
  for (let number = 2; number <= 40; number++) model.add(machineOf(number));
  for (const machine of model.machines.values()) model.crash(machine);
  await reconciler.pokeAll();
  await pass(1000);
  await reconciler.settle();

  expect([...model.machines.values()].every(isRunning)).toBe(true);
  expect(model.mostRepairing).toBe(8);
});

test("a program that ends at once is started later and later, and that is told once it has been well", async () => {
  const startsAt: number[] = [];
  model.host.after = async ({ kind }) => {
    if (kind === "startContainer") startsAt.push(clock.monotonicMs());
    if (kind !== "verifyMachine") return;
    model.crash(web);
    reconciler.poke(web.id);
  };
  model.crash(web);
  reconciler.poke(web.id);
  await pass(80_000);

  const pauses = startsAt.slice(1).map((at, index) => Math.round((at - (startsAt[index] ?? 0)) / 1000));
  expect(pauses).toEqual([5, 10, 20, 40]);
  expect(model.troubles[0]).toEqual([
    "web-1",
    "mended 3 times in a row (start container 1, verify from inside)",
  ]);

  model.host.after = async () => {};
  await pass(90_000);
  expect(isRunning(web)).toBe(true);
  await survey();
  await survey();
  expect(model.troubles.at(-1)?.[1]).toContain("mended");
  await pass(160_000);
  await survey();
  expect(model.troubles.at(-1)).toEqual(["web-1", undefined]);
});

test("a repair that is in vain is told, with when it is tried again; another kind does not wait for it", async () => {
  model.crash(web);
  model.fail = () => "it has ended: exit code 3";
  reconciler.poke(web.id);
  await pass(1000);
  expect(model.troubles).toEqual([
    ["web-1", "it has ended: exit code 3; tried again in 5 s (start container 1, verify from inside)"],
  ]);

  model.fail = () => undefined;
  model.host.put(web.id, { ...model.host.see(web.id), card: undefined });
  reconciler.poke(web.id);
  await pass(300);
  expect(isRunning(web)).toBe(true);
});

test("a disk that is gone is told once, and it is over when the disk is there again", async () => {
  const { volume, ...without } = model.host.see(web.id);
  model.host.put(web.id, without);
  for (let count = 0; count < 3; count++) {
    reconciler.poke(web.id);
    await pass(300);
  }
  expect(model.troubles).toEqual([["web-1", expect.stringContaining("its data disk is gone")]]);
  expect(model.host.made).toEqual([]);

  model.host.put(web.id, { ...without, volume });
  for (let count = 0; count < 3; count++) await survey();
  expect(model.troubles.at(-1)).toEqual(["web-1", undefined]);
});

test("a clock that is set back keeps no repair waiting", async () => {
  const jumping = new JumpingClock(clock);
  reconciler = new Reconciler({
    keeper: model,
    turns,
    clock: jumping,
    log: recordLog(),
    signal: over.signal,
  });
  model.crash(web);
  reconciler.poke(web.id);
  await pass(300);
  jumping.jumpMs = -86_400_000;
  model.crash(web);
  reconciler.poke(web.id);
  await pass(6000);

  expect(isRunning(web)).toBe(true);
});

test("somebody who is faster is no trouble", async () => {
  model.crash(web);
  model.fail = () => {
    throw new PlimsollError("BUSY", "its stop has not ended");
  };
  reconciler.poke(web.id);
  await pass(300);

  expect(model.troubles).toEqual([]);
});

describe("the timer", () => {
  test("looks until what it sees is the same before and after a look that found all well", async () => {
    await survey("a");
    await survey("a");
    await survey("a");
    expect(model.looks).toBe(1);
    await survey("b");
    await survey("c");
    await survey("c");
    expect(model.looks).toBe(3);
  });

  test("trusts nothing that was mended, or poked, since", async () => {
    await survey();
    await survey();
    model.crash(web);
    reconciler.poke(web.id);
    await pass(300);
    const looks = model.looks;
    await survey();
    await survey();
    await survey();
    expect(model.looks).toBe(looks + 1);
  });

  test("forgets machines that are gone", async () => {
    await survey();
    model.machines.clear();
    await survey();
    model.add(web);
    await survey();
    expect(model.looks).toBe(2);
  });
});

test("after the end nothing is begun", async () => {
  model.crash(web);
  reconciler.poke(web.id);
  over.abort();
  await pass(300);
  await reconciler.settle();

  expect(model.host.made).toEqual([]);
});
