import type { Clock } from "../../core/runtime/clock.ts";
import { errorLine } from "../../core/runtime/errors.ts";
import type { Logger } from "../../core/runtime/log.ts";
import type { ChangeRequest } from "../ct/request.ts";
import type { EventLog, NewEvent } from "../events/event-log.ts";
import { listMachines } from "../machines/machines.ts";
import { Pace } from "../reconcile/pace.ts";
import type { Store } from "../store/types.ts";
import {
  BATCHES,
  type Batch,
  type BatchPart,
  decodeBatch,
  isGivenUp,
  type JudgedBatch,
  judgeBatch,
  leftTo,
  openParts,
  saveBatch,
} from "./batches.ts";

const AGAIN_MS = 1000;

export interface BatchKeeperParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly host: string;
  readonly events: Pick<EventLog, "add">;
  readonly log: Logger;
  /** Returns once it is in the journal. */
  submit(request: ChangeRequest): Promise<unknown>;
}

/**
 * Ends this host's parts of creations that are all or none, whether or not who asked is still there: where another
 * host has not made its part, this one takes its own back. It remembers nothing but what it tried in vain: killed,
 * the next looks again.
 */
export class BatchKeeper {
  readonly #parts: BatchKeeperParts;
  readonly #pace = new Pace();

  constructor(parts: BatchKeeperParts) {
    this.#parts = parts;
  }

  /** Until `signal`. Others' requests are read as long as there is a batch that waits for them, and not otherwise. */
  async follow(signal: AbortSignal): Promise<void> {
    const { store, clock, log } = this.#parts;
    let isWell = true;
    while (!signal.aborted) {
      try {
        const { entries, revision } = await store.list(BATCHES);
        // One that cannot be read or tended keeps no other waiting.
        const ends = await Promise.allSettled(
          entries.map(async (entry) => this.#tendOurs(decodeBatch(store, entry))),
        );
        for (const end of ends) if (end.status === "rejected") throw end.reason;
        isWell = true;
        const hasOurs = ends.some((end) => end.status === "fulfilled" && end.value);
        if (!hasOurs) await nextChange(store, revision, signal);
      } catch (error) {
        if (isWell && !signal.aborted)
          log.warn({ problem: errorLine(error) }, "batches of several hosts cannot be tended");
        isWell = false;
      }
      await clock.sleep(AGAIN_MS, signal);
    }
  }

  /** Whether there is anything of it for this host to end. */
  async #tendOurs(batch: Batch): Promise<boolean> {
    const isOurs = batch.parts.some((part) => this.#isOurs(part));
    if (isOurs) await this.#tend(batch);
    return isOurs;
  }

  async #tend(read: Batch): Promise<void> {
    const { store } = this.#parts;
    const judged = await judgeBatch(store, read);
    const back = isGivenUp(judged)
      ? openParts(judged).filter((part) => this.#isOurs(part) && part.state === "done")
      : [];
    const parts: BatchPart[] = [];
    for (const part of judged.parts) {
      const isOver = back.includes(part) && (await this.#takeBack(part));
      parts.push(isOver ? { ...part, state: "undone" } : part);
    }
    const batch = { ...judged, parts };
    const isNews = JSON.stringify(parts) !== JSON.stringify(read.parts);
    if (!isNews && openParts(batch).length > 0) return;
    // One that another host has changed meanwhile is looked at again.
    if (await saveBatch(store, batch)) await this.#tell(batch, read);
  }

  /** True once nothing of it is here. What is busy is waited for; what does not go is tried again later and later. */
  async #takeBack({ ask, made = [] }: BatchPart): Promise<boolean> {
    const { store, clock, host, submit } = this.#parts;
    const left = (await listMachines(store)).filter(
      (each) => each.host === host && made.includes(each.machine.id),
    );
    const idle = left.filter(({ busy }) => busy === undefined).map(({ machine }) => machine.name);
    if (idle.length > 0 && this.#pace.waitMs(ask, clock.monotonicMs()) === 0) {
      this.#pace.note(ask, clock.monotonicMs());
      await submit({ kind: "destroy", names: idle });
    }
    return left.length === 0;
  }

  /** In each machine's history: that it was taken back, or that nobody waits for its host any more. */
  async #tell(batch: JudgedBatch, before: Batch): Promise<void> {
    const { events, log } = this.#parts;
    const mine = batch.parts.find((part, index) => {
      const isNew = before.parts[index]?.state !== "undone";
      return this.#isOurs(part) && part.state === "undone" && isNew;
    });
    if (mine !== undefined) {
      const guilty = batch.parts.filter(({ state }) => state === "failed").map(({ host }) => host);
      const text = `taken back: ${guilty.join(", ")} made nothing of the batch`;
      log.info({ machines: mine.names, hosts: guilty }, "took back its part of a batch");
      await events.add(...eventsOf(mine, "undone", text));
    }
    if (openParts(batch).length > 0) return;
    for (const part of leftTo(batch)) {
      log.info({ machines: part.names, host: part.host }, "a batch is over without a host that is fenced");
      await events.add(...eventsOf(part, "left", `the batch is over without ${part.host}, which is fenced`));
    }
  }

  #isOurs({ host }: BatchPart): boolean {
    return host === this.#parts.host;
  }
}

function eventsOf({ names, made }: BatchPart, state: string, text: string): readonly NewEvent[] {
  return names.map((name, index) => ({ kind: "create", state, name, id: made?.[index], text }));
}

async function nextChange(store: Store, since: number, signal: AbortSignal): Promise<void> {
  for await (const _ of store.changes(BATCHES, since, signal)) return;
}
