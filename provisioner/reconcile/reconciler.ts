import { setMaxListeners } from "node:events";
import type { Clock } from "../../core/runtime/clock.ts";
import { errnoOf, errorLine } from "../../core/runtime/errors.ts";
import type { Logger } from "../../core/runtime/log.ts";
import { DISK_GONE } from "../executors/observe.ts";
import type { Turns } from "../operations/turns.ts";
import type { Machine } from "../resources/types.ts";
import { renderWhat } from "../step/render.ts";
import type { Step } from "../step/steps.ts";
import type { Keeper } from "./keeper.ts";
import { Pace } from "./pace.ts";
import { Slots } from "./slots.ts";

export interface ReconcilerParts {
  readonly keeper: Keeper;
  readonly turns: Turns;
  readonly clock: Clock;
  readonly log: Logger;
  /** Nothing is begun any more. */
  readonly signal: AbortSignal;
}

/** Machines looked at side by side. */
const AT_ONCE = 8;
/** What an engine or a switch tells in one breath is one cause to look. */
const SETTLE_MS = 100;
/** The same repair so often in a row is told. */
const TELL_AT = 3;

/** What is known of one machine. */
class Loop {
  readonly pace: Pace = new Pace();
  /** Being looked at; `again`: and there is cause to look once more. */
  work: "none" | "looking" | "again" = "none";
  isInTrouble = false;
  /** It is going to be looked at later. */
  hasAlarm = false;
  /** The survey before the look that found it well. */
  candidate: string | undefined;
  /** A survey after that look was the same: as long as they are, it is well. */
  trusted: string | undefined;
}

/** Observes, plans, and has the steps made: one loop for each machine, never two at once. */
export class Reconciler {
  readonly #parts: ReconcilerParts;
  readonly #loops = new Map<string, Loop>();
  readonly #slots = new Slots(AT_ONCE);
  readonly #working = new Set<Promise<void>>();

  constructor(parts: ReconcilerParts) {
    this.#parts = parts;
    // Every loop that waits listens.
    setMaxListeners(0, parts.signal);
  }

  /** What an earlier daemon told of is taken back once it turns out well. */
  async recall(): Promise<void> {
    for (const id of await this.#parts.keeper.listTroubled()) this.#loop(id).isInTrouble = true;
  }

  /** There is cause to look at a machine. */
  poke(id: string): void {
    const loop = this.#loop(id);
    loop.trusted = undefined;
    loop.candidate = undefined;
    void this.#attend(id, loop, undefined);
  }

  /** Nobody knows what has happened meanwhile: everything is looked at, and tried afresh. */
  async pokeAll(): Promise<void> {
    for (const id of await this.#parts.keeper.list()) {
      this.#loop(id).pace.reset();
      this.poke(id);
    }
  }

  /** Looks at the machines of which something has changed since they were well; `prints` has one for each of the host. */
  async compare(prints: ReadonlyMap<string, string>): Promise<void> {
    for (const id of this.#loops.keys()) if (!prints.has(id)) this.#loops.delete(id);
    const nowMs = this.#parts.clock.monotonicMs();
    await Promise.all(
      [...prints].map(async ([id, print]) => {
        const loop = this.#loop(id);
        if (print === loop.candidate) loop.trusted = print;
        if (print !== loop.trusted) await this.#attend(id, loop, print);
        else if (loop.isInTrouble && loop.pace.isQuiet(nowMs)) await this.#endTrouble(id, loop);
      }),
    );
  }

  /** When nothing is being looked at any more. */
  async settle(): Promise<void> {
    while (this.#working.size > 0) await Promise.all(this.#working);
  }

  #attend(id: string, loop: Loop, print: string | undefined): Promise<void> {
    if (loop.work !== "none") {
      loop.work = "again";
      return Promise.resolve();
    }
    loop.work = "looking";
    const work = this.#lookUntilQuiet(id, loop, print).finally(() => {
      loop.work = "none";
      this.#working.delete(work);
    });
    this.#working.add(work);
    return work;
  }

  async #lookUntilQuiet(id: string, loop: Loop, print: string | undefined): Promise<void> {
    const { signal, clock, log } = this.#parts;
    for (let isAgain = true; isAgain && !signal.aborted; isAgain = hasCause(loop)) {
      await clock.sleep(SETTLE_MS, signal);
      loop.work = "looking";
      loop.candidate = undefined;
      try {
        const isWell = !signal.aborted && (await this.#look(id, loop));
        // With cause to look again nobody knows which of the two the print is of.
        loop.candidate = isWell && !hasCause(loop) ? print : undefined;
      } catch (error) {
        log.warn({ machine: id, problem: errorLine(error) }, "machine could not be looked at");
      }
    }
  }

  /** True when it is as it should be. */
  async #look(id: string, loop: Loop): Promise<boolean> {
    const { keeper, turns } = this.#parts;
    const before = await keeper.find(id);
    if (before === undefined) return false;
    const endTurn = await turns.take([before.name]);
    // After the turn: whoever waits for that keeps no other machine waiting.
    const release = await this.#slots.take();
    try {
      const machine = await keeper.find(id);
      if (machine === undefined) return false;
      const steps = await this.#plan(machine, loop);
      if (steps !== undefined && steps.length > 0) await this.#mend(machine, steps, loop);
      return steps?.length === 0;
    } finally {
      release();
      endTurn();
    }
  }

  /** Undefined where no steps lead there: that is told once, and looked at again with each survey. */
  async #plan(machine: Machine, loop: Loop): Promise<readonly Step[] | undefined> {
    const { keeper, log } = this.#parts;
    try {
      return await keeper.plan(machine);
    } catch (error) {
      if (errnoOf(error) !== DISK_GONE) throw error;
      if (!loop.isInTrouble) {
        loop.isInTrouble = true;
        log.warn({ machine: machine.name, trouble: errorLine(error) }, "in trouble");
        await keeper.tellTrouble(machine.id, machine.name, errorLine(error));
      }
      return undefined;
    }
  }

  async #mend(machine: Machine, steps: readonly Step[], loop: Loop): Promise<void> {
    const { keeper, clock, log } = this.#parts;
    const repair = steps.map(({ kind }) => kind).join();
    const waitMs = loop.pace.waitMs(repair, clock.monotonicMs());
    if (waitMs > 0) return this.#pokeLater(machine.id, loop, waitMs);
    const count = loop.pace.note(repair, clock.monotonicMs());
    const what = steps.map(renderWhat).join(", ");
    log.info({ machine: machine.name, repair: what, count }, "mending");
    const problem = await keeper.repair(machine).catch(tellProblem);
    if (problem === undefined && count < TELL_AT) return;
    const nextMs = loop.pace.waitMs(repair, clock.monotonicMs());
    const text =
      problem === undefined
        ? `mended ${count} times in a row (${what})`
        : `${problem}; tried again in ${Math.ceil(nextMs / 1000)} s (${what})`;
    loop.isInTrouble = true;
    log.warn({ machine: machine.name, trouble: text }, "in trouble");
    await keeper.tellTrouble(machine.id, machine.name, text);
    if (problem !== undefined) this.#pokeLater(machine.id, loop, nextMs);
  }

  async #endTrouble(id: string, loop: Loop): Promise<void> {
    const { keeper, log } = this.#parts;
    const machine = await keeper.find(id);
    if (machine === undefined) return;
    loop.isInTrouble = false;
    log.info({ machine: machine.name }, "out of trouble");
    await keeper.tellTrouble(id, machine.name, undefined);
  }

  #pokeLater(id: string, loop: Loop, ms: number): void {
    if (loop.hasAlarm) return;
    const { clock, signal } = this.#parts;
    loop.hasAlarm = true;
    void clock.sleep(ms, signal).then(() => {
      loop.hasAlarm = false;
      if (!signal.aborted && this.#loops.get(id) === loop) this.poke(id);
    });
  }

  #loop(id: string): Loop {
    const found = this.#loops.get(id);
    if (found !== undefined) return found;
    const loop = new Loop();
    this.#loops.set(id, loop);
    return loop;
  }
}

/** Set by whoever pokes while it is being looked at. */
function hasCause({ work }: Loop): boolean {
  return work === "again";
}

/** Undefined where somebody was only faster. */
function tellProblem(error: unknown): string | undefined {
  const isLate = ["BUSY", "CHANGED", "NOT_FOUND"].includes(errnoOf(error) ?? "");
  return isLate ? undefined : errorLine(error);
}
