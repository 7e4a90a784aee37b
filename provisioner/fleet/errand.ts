import type { Clock } from "../../core/runtime/clock.ts";
import { PlimsollError } from "../../core/runtime/errors.ts";
import { decodeRefusal } from "../api/refusal.ts";
import type { Operation, Track } from "../operations/documents.ts";
import { Journal } from "../operations/journal.ts";
import { findRequest, type RequestRecord } from "../operations/requests.ts";
import type { Watcher } from "../operations/run.ts";
import type { Store } from "../store/types.ts";
import { ASKED_SECONDS, type Ask, changeAsk, findAsk, removeAsk } from "./asks.ts";
import { BEAT_EVERY_MS, BEAT_SECONDS, beatKey } from "./documents.ts";
import { beginWaiting } from "./waiting.ts";

/** A daemon takes what it is asked within a second, unless it is not there. */
const UNHEARD_MS = 30_000;
/** Three small reads; a watch of three prefixes would be no cheaper. */
const LOOK_MS = 200;
/** Of a host that does not report: its lease, and as long again. */
const LOST_MS = 2 * BEAT_SECONDS * 1000;
/** Of an error: nobody knows yet what becomes of it. */
export const UNDER_WAY = "UNDER_WAY";
/** Of an ask's life, so that two that are missed do not end it. */
const RENEW_MS = (ASKED_SECONDS * 1000) / 3;

/** One ask, from being asked to its end, seen from who asks. */
export class Errand {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #watcher: Watcher;
  readonly #cursors = new Map<string, number>();
  #ask: Ask;
  #renewedMs: number;
  /** When its host was last known to report. */
  #seenMs: number;
  #lookedMs: number;

  constructor(store: Store, clock: Clock, ask: Ask, watcher: Watcher) {
    this.#store = store;
    this.#clock = clock;
    this.#watcher = watcher;
    this.#ask = ask;
    this.#renewedMs = clock.monotonicMs();
    this.#seenMs = this.#renewedMs;
    this.#lookedMs = this.#renewedMs;
  }

  /** Throws what the host refuses it with, as if it had been refused here. */
  async plan<T>(signal: AbortSignal): Promise<T> {
    const begunMs = this.#clock.monotonicMs();
    const leftMs = (): number => begunMs + UNHEARD_MS - this.#clock.monotonicMs();
    const answered = await this.#until(signal, leftMs, async () =>
      this.#ask.state === "answered" ? this.#ask : undefined,
    );
    await removeAsk(this.#store, answered);
    return readAnswer(answered) as T;
  }

  /**
   * Its operation, once that is in its host's journal, which goes on with it. Throws what the host refuses it with; who
   * leaves before (`signal`) leaves it to the host, if that has taken it.
   */
  async begun(signal: AbortSignal): Promise<RequestRecord> {
    const leftMs = beginWaiting(this.#clock, NEVER);
    return this.#until(
      NEVER,
      () => (signal.aborted ? -1 : leftMs()),
      async () => {
        if (this.#ask.state === "answered") readAnswer(this.#ask);
        return findRequest(this.#store, this.#ask.host, this.#ask.id);
      },
    );
  }

  /** What became of it. After `signal` it is taken back as far as that is possible; its daemon goes on with that by itself. */
  async operation(signal: AbortSignal): Promise<RequestRecord> {
    let isCancelled = false;
    return this.#until(NEVER, beginWaiting(this.#clock, signal), async () => {
      if (this.#ask.state === "answered") readAnswer(this.#ask);
      if (signal.aborted && !isCancelled) isCancelled = await this.#cancel();
      const { host, id } = this.#ask;
      const record = await findRequest(this.#store, host, id);
      if (record === undefined) return undefined;
      await this.#tellProgress();
      // Results are written when a run has ended; one that is stuck is tried again later, and not waited for.
      return record.endedMs === undefined && record.results.length === 0 ? undefined : record;
    });
  }

  async #until<T>(signal: AbortSignal, leftMs: () => number, look: () => Promise<T | undefined>): Promise<T> {
    const begunMs = this.#clock.monotonicMs();
    for (;;) {
      signal.throwIfAborted();
      const isThere = await this.#refresh();
      const found = await look();
      if (found !== undefined) return found;
      const waitedMs = this.#clock.monotonicMs() - begunMs;
      if (!isThere && this.#ask.state === "asked")
        throw this.#failure("UNHEARD", "was forgotten before its daemon took it");
      if (this.#ask.state === "asked" && waitedMs > UNHEARD_MS) await this.#giveUp();
      if (leftMs() < 0) throw this.#late();
      await this.#requireReport();
      await this.#clock.sleep(LOOK_MS, signal);
    }
  }

  /** Whether it is still in the store: it is not once the host has it in its journal. */
  async #refresh(): Promise<boolean> {
    const found = await findAsk(this.#store, this.#ask);
    if (found === undefined) {
      const { host, id } = this.#ask;
      const isBegun = (await findRequest(this.#store, host, id)) !== undefined;
      if (isBegun) this.#ask = { ...this.#ask, state: "taken" };
      return isBegun;
    }
    this.#ask = found;
    const nowMs = this.#clock.monotonicMs();
    if (found.state === "asked" && nowMs - this.#renewedMs > RENEW_MS) {
      this.#ask = (await changeAsk(this.#store, found, {})) ?? found;
      this.#renewedMs = nowMs;
    }
    return true;
  }

  /** Taken meanwhile, it is waited for all the same. */
  async #giveUp(): Promise<void> {
    if (await removeAsk(this.#store, this.#ask)) throw this.#failure("UNHEARD", "is not taken by its daemon");
  }

  /**
   * A host that is lost and has taken it has nothing to tell, however long it is waited for. One whose daemon is only started
   * again reports soon.
   */
  async #requireReport(): Promise<void> {
    const nowMs = this.#clock.monotonicMs();
    const { host, wants, state } = this.#ask;
    if (wants !== "operation" || state === "asked" || nowMs - this.#lookedMs < BEAT_EVERY_MS) return;
    this.#lookedMs = nowMs;
    if ((await this.#store.get(beatKey(host))) !== undefined) this.#seenMs = nowMs;
    if (nowMs - this.#seenMs <= LOST_MS) return;
    throw this.#failure(UNDER_WAY, "has not ended: the host is lost, and goes on with it when it returns");
  }

  #late(): PlimsollError {
    if (this.#ask.wants === "plan") return this.#failure("UNHEARD", "is not planned by its daemon");
    return this.#failure(UNDER_WAY, "has not ended; its daemon goes on with it");
  }

  async #cancel(): Promise<boolean> {
    if (this.#ask.state === "asked" && (await removeAsk(this.#store, this.#ask)))
      throw new PlimsollError("INTERRUPTED", "interrupted");
    const found = await findAsk(this.#store, this.#ask);
    // Between being taken and being in the journal there is nothing yet to be taken back.
    if (found !== undefined && found.state !== "cancelled") return false;
    await changeAsk(this.#store, { ...this.#ask, revision: 0 }, { state: "cancelled" });
    return true;
  }

  async #tellProgress(): Promise<void> {
    const { host, id } = this.#ask;
    const operations = await new Journal(this.#store, this.#clock, host).list();
    for (const operation of operations.filter(({ request }) => request === id)) this.#tellSteps(operation);
  }

  #tellSteps({ tracks }: Operation): void {
    for (const track of tracks) {
      const before = this.#cursors.get(track.key);
      if (before === track.cursor) continue;
      this.#cursors.set(track.key, track.cursor);
      this.#tellStep(track, before);
    }
  }

  #tellStep({ steps, cursor, state }: Track, before: number | undefined): void {
    const made = before === undefined ? undefined : steps[before];
    const next = steps[cursor];
    if (made !== undefined && state === "running") this.#watcher.done(made);
    if (next === undefined) return;
    this.#watcher.begin(next, { number: cursor + 1, of: steps.length, isUndo: state === "undoing" });
  }

  #failure(code: string, what: string): PlimsollError {
    const { host, request } = this.#ask;
    return new PlimsollError(code, `host ${host}: ${request.kind} ${what}`, {
      hint: `plimsoll host list; plimsoll ct ${request.kind === "create" ? "batches" : "list"}`,
    });
  }
}

const NEVER: AbortSignal = new AbortController().signal;

/** What an answer that is no refusal says. */
function readAnswer({ answer = "null" }: Ask): unknown {
  const value = JSON.parse(answer);
  if (value?.error !== undefined) throw decodeRefusal(value);
  return value;
}
