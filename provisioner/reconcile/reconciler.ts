import { errnoOf, errorLine } from "../../core/runtime/errors.ts";
import type { Logger } from "../../core/runtime/log.ts";
import type { HostOperator } from "../ct/operator.ts";
import { observeMachine } from "../executors/observe.ts";
import type { Host } from "../host/host.ts";
import { machineKey } from "../machines/documents.ts";
import { decodeFound, type FoundMachine, listMachines } from "../machines/machines.ts";
import type { Watcher } from "../operations/run.ts";
import type { Turns } from "../operations/turns.ts";
import { planMachine } from "../plan/plan.ts";
import { renderWhat } from "../step/render.ts";
import type { Step } from "../step/steps.ts";
import { Pace } from "./pace.ts";
import { Slots } from "./slots.ts";
import type { Survey } from "./survey.ts";
import { listTroubles, removeTrouble, writeTrouble } from "./troubles.ts";

export interface ReconcilerParts {
  readonly operator: HostOperator;
  readonly turns: Turns;
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

const SILENT: Watcher = { begin: () => {}, done: () => {} };
/** A repair that has begun is ended, whatever is asked of the daemon. */
const NEVER: AbortSignal = new AbortController().signal;

interface Loop {
  readonly pace: Pace;
  /** Being looked at, and whether there is cause to look again. */
  work: "none" | "looking" | "again";
  isInTrouble: boolean;
  /** It is going to be looked at later. */
  hasAlarm: boolean;
  /** The survey before the look that found it well; confirmed by an equal one after it. */
  candidate: string | undefined;
  trusted: string | undefined;
}

/** Observes, plans, and has the steps made: one loop for each machine, never two at once. */
export class Reconciler {
  readonly #parts: ReconcilerParts;
  readonly #host: Host;
  readonly #loops = new Map<string, Loop>();
  readonly #slots = new Slots(AT_ONCE);
  readonly #working = new Set<Promise<void>>();

  constructor(parts: ReconcilerParts) {
    this.#parts = parts;
    this.#host = parts.operator.host;
  }

  /** What an earlier daemon told of is taken back once it turns out well. */
  async recall(): Promise<void> {
    for (const id of (await listTroubles(this.#host.store)).keys()) this.#loop(id).isInTrouble = true;
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
    for (const { machine } of await this.#machines()) {
      this.#loop(machine.id).pace.reset();
      this.poke(machine.id);
    }
  }

  /** Looks at the machines of which something has changed since they were well. */
  async compare({ prints }: Survey): Promise<void> {
    const nowMs = this.#host.clock.nowMs();
    for (const [id, { isInTrouble }] of this.#loops) {
      if (prints.has(id)) continue;
      this.#loops.delete(id);
      if (isInTrouble) await removeTrouble(this.#host.store, id);
    }
    await Promise.all(
      [...prints].map(async ([id, print]) => {
        const loop = this.#loop(id);
        if (print === loop.candidate) loop.trusted = print;
        if (print !== loop.trusted) await this.#attend(id, loop, print);
        else if (loop.isInTrouble && loop.pace.isQuiet(nowMs)) await this.#endTrouble(id, loop);
      }),
    );
  }

  /** When nothing is being mended any more. */
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
    const { signal, log } = this.#parts;
    do {
      await this.#host.clock.sleep(SETTLE_MS, signal);
      loop.work = "looking";
      try {
        if (!signal.aborted) loop.candidate = (await this.#look(id, loop)) ? print : undefined;
      } catch (error) {
        loop.candidate = undefined;
        log.warn({ machine: id, problem: errorLine(error) }, "machine could not be looked at");
      }
      // Set by whoever poked meanwhile.
    } while ((loop.work as Loop["work"]) === "again" && !signal.aborted);
  }

  /** True when it is as it should be. */
  async #look(id: string, loop: Loop): Promise<boolean> {
    const before = await this.#find(id);
    if (before === undefined) return false;
    const endTurn = await this.#parts.turns.take([before.machine.name]);
    // After the turn: whoever waits for that keeps no other machine waiting.
    const release = await this.#slots.take();
    try {
      const found = await this.#find(id);
      if (found === undefined) return false;
      const { machine } = found;
      const steps = planMachine(await observeMachine(this.#host, machine), machine);
      if (steps.length > 0) await this.#mend(found, steps, loop);
      return steps.length === 0;
    } finally {
      release();
      endTurn();
    }
  }

  async #mend({ machine }: FoundMachine, steps: readonly Step[], loop: Loop): Promise<void> {
    const { operator, log } = this.#parts;
    const { clock } = this.#host;
    const { id, name } = machine;
    const repair = steps.map(({ kind }) => kind).join();
    const waitMs = loop.pace.waitMs(repair, clock.nowMs());
    if (waitMs > 0) return this.#pokeLater(id, loop, waitMs);
    const count = loop.pace.note(repair, clock.nowMs());
    const what = steps.map(renderWhat).join(", ");
    log.info({ machine: name, repair: what, count }, "mending");
    const problem = await this.#repair(operator, name).catch((error) => {
      // Somebody was faster.
      if (["BUSY", "CHANGED", "NOT_FOUND"].includes(errnoOf(error) ?? "")) return undefined;
      return errorLine(error);
    });
    if (problem === undefined && count < TELL_AT) return;
    const nextMs = loop.pace.waitMs(repair, clock.nowMs());
    const text =
      problem === undefined
        ? `mended ${count} times in a row (${what})`
        : `${problem}; tried again in ${Math.ceil(nextMs / 1000)} s (${what})`;
    await this.#beginTrouble(machine, loop, text);
    if (problem !== undefined) this.#pokeLater(id, loop, nextMs);
  }

  /** What is wrong with it, when it could not be mended. */
  async #repair(operator: HostOperator, name: string): Promise<string | undefined> {
    const operation = await operator.begin({ kind: "repair", names: [name] });
    const [ending] = await operator.run(operation, SILENT, NEVER);
    return ending === undefined || ending.state === "done" ? undefined : (ending.track.error ?? ending.state);
  }

  #pokeLater(id: string, loop: Loop, ms: number): void {
    if (loop.hasAlarm) return;
    const { signal } = this.#parts;
    loop.hasAlarm = true;
    void this.#host.clock.sleep(ms, signal).then(() => {
      loop.hasAlarm = false;
      if (!signal.aborted && this.#loops.get(id) === loop) this.poke(id);
    });
  }

  async #beginTrouble({ id, name }: FoundMachine["machine"], loop: Loop, text: string): Promise<void> {
    const { operator, log } = this.#parts;
    loop.isInTrouble = true;
    log.warn({ machine: name, trouble: text }, "in trouble");
    await writeTrouble(this.#host.store, id, { text, sinceMs: this.#host.clock.nowMs() });
    await operator.events.add({ kind: "trouble", state: "begun", name, id, text });
  }

  async #endTrouble(id: string, loop: Loop): Promise<void> {
    loop.isInTrouble = false;
    await removeTrouble(this.#host.store, id);
    const name = (await this.#find(id))?.machine.name;
    this.#parts.log.info({ machine: name }, "out of trouble");
    await this.#parts.operator.events.add({ kind: "trouble", state: "over", name, id });
  }

  #loop(id: string): Loop {
    const found = this.#loops.get(id);
    if (found !== undefined) return found;
    const loop: Loop = {
      ...{ pace: new Pace(), work: "none", isInTrouble: false, hasAlarm: false },
      ...{ candidate: undefined, trusted: undefined },
    };
    this.#loops.set(id, loop);
    return loop;
  }

  /** One of this host that nobody is busy with. */
  async #find(id: string): Promise<FoundMachine | undefined> {
    const { store, config } = this.#host;
    const entry = await store.get(machineKey(id));
    const found = entry && decodeFound(store, entry);
    return found?.host === config.name && found.busy === undefined ? found : undefined;
  }

  async #machines(): Promise<readonly FoundMachine[]> {
    const { store, config } = this.#host;
    return (await listMachines(store)).filter(({ host }) => host === config.name);
  }
}
