import type { Clock } from "../../core/runtime/clock.ts";
import { errnoOf, errorLine, PlimsollError, UsageError } from "../../core/runtime/errors.ts";
import type { Logger } from "../../core/runtime/log.ts";
import { encodeRefusal } from "../api/refusal.ts";
import { findMismatch, reference } from "../api/schema.ts";
import { SCHEMAS } from "../api/schemas.ts";
import type { ChangeRequest } from "../ct/request.ts";
import type { Store } from "../store/types.ts";
import { type Ask, asksPrefix, changeAsk, decodeAsk, removeAsk } from "./asks.ts";

const AGAIN_MS = 1000;
/** Codes of what is cancelled too late: it has ended, is forgotten, or gets on neither way by itself. */
const PAST_CANCELLING = ["ENDED", "NOT_FOUND", "STUCK"];

/** Who does what is asked: the daemon's desk. */
export interface Doer {
  /** Returns once it is in the journal; under an id that was used it is that operation. */
  submit(request: ChangeRequest, id?: string): Promise<unknown>;
  cancel(id: string): Promise<unknown>;
  plan(request: ChangeRequest): Promise<unknown>;
  announce(names: readonly string[]): Promise<void>;
}

/**
 * What other hosts ask of this one. An ask is taken by compare-and-set before anything is done for it, and is
 * there until the operation of its id is in the journal: taken twice, it is the same operation.
 */
export class Mailbox {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #host: string;
  readonly #doer: Doer;
  readonly #log: Logger;
  readonly #working = new Map<string, Promise<void>>();

  constructor(store: Store, clock: Clock, host: string, doer: Doer, log: Logger) {
    this.#store = store;
    this.#clock = clock;
    this.#host = host;
    this.#doer = doer;
    this.#log = log;
  }

  /** Until `signal`; what an earlier daemon had taken comes first. */
  async follow(signal: AbortSignal): Promise<void> {
    let isWell = true;
    while (!signal.aborted) {
      try {
        const since = await this.#attend();
        for await (const _ of this.#store.changes(asksPrefix(this.#host), since, signal))
          await this.#attend();
        isWell = true;
      } catch (error) {
        if (isWell && !signal.aborted)
          this.#log.warn({ problem: errorLine(error) }, "what other hosts ask cannot be read");
        isWell = false;
      }
      await this.#clock.sleep(AGAIN_MS, signal);
    }
  }

  /** When nothing is worked on any more. */
  async settle(): Promise<void> {
    while (this.#working.size > 0) await Promise.all(this.#working.values());
  }

  async #attend(): Promise<number> {
    const { entries, revision } = await this.#store.list(asksPrefix(this.#host));
    for (const entry of entries) {
      const ask = decodeAsk(this.#store, entry);
      if (ask.state === "answered" || this.#working.has(ask.id)) continue;
      const work = this.#work(ask)
        .catch((error) => this.#log.error({ problem: errorLine(error), ask: ask.id }, "an ask broke off"))
        .finally(() => this.#working.delete(ask.id));
      this.#working.set(ask.id, work);
    }
    return revision;
  }

  async #work(ask: Ask): Promise<void> {
    if (ask.state === "cancelled") {
      await removeAsk(this.#store, ask);
      await this.#cancel(ask.id);
      return;
    }
    const taken = ask.state === "taken" ? ask : await changeAsk(this.#store, ask, { state: "taken" });
    if (taken === undefined) return;
    const { request, id, wants } = taken;
    this.#log.info({ kind: request.kind, wants, id }, "asked from elsewhere");
    try {
      checkShape(request);
      if (wants === "plan") return await this.#answer(taken, await this.#doer.plan(request));
      if (wants === "operation") await this.#doer.submit(request, id);
      else if (request.kind !== "create") await this.#doer.announce(request.names);
      await removeAsk(this.#store, taken);
    } catch (error) {
      if (!(error instanceof PlimsollError)) this.#log.error({ err: error }, "an ask failed");
      await this.#answer(taken, encodeRefusal(error));
    }
  }

  /** How it has ended is in its request: nobody need be told that there was nothing to take back any more. */
  async #cancel(id: string): Promise<void> {
    try {
      await this.#doer.cancel(id);
    } catch (error) {
      if (!PAST_CANCELLING.includes(errnoOf(error) ?? "")) throw error;
    }
  }

  async #answer(ask: Ask, value: unknown): Promise<void> {
    await changeAsk(this.#store, ask, { state: "answered", answer: JSON.stringify(value) });
  }
}

function checkShape(request: unknown): void {
  const mismatch = findMismatch(reference("ChangeRequest"), request, SCHEMAS);
  if (mismatch !== undefined) throw new UsageError(mismatch);
}
