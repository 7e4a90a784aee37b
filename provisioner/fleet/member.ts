import { errorLine } from "../../core/runtime/errors.ts";
import type { Logger } from "../../core/runtime/log.ts";
import type { HostOperator } from "../ct/operator.ts";
import type { EventLog } from "../events/event-log.ts";
import type { Host } from "../host/host.ts";
import type { Journal } from "../operations/journal.ts";
import { askToAnnounce } from "./announce-again.ts";
import { BatchKeeper } from "./batch-keeper.ts";
import { BEAT_EVERY_MS, orderKey } from "./documents.ts";
import { type Doer, Mailbox } from "./mailbox.ts";
import { isFenced } from "./orders.ts";
import { quarantineStrays } from "./quarantine.ts";
import { keepRegistered, refuseNamesake } from "./register.ts";

const AGAIN_MS = 1000;

/** A host of many on one store: it reports, takes what is asked, and ends what is another's by now. */
export class Member {
  readonly #host: Host;
  readonly #books: { readonly journal: Journal; readonly events: EventLog };
  readonly #log: Logger;
  readonly #mailbox: Mailbox;
  readonly #batches: BatchKeeper;
  #isOpen = true;

  constructor(operator: HostOperator, doer: Doer, log: Logger) {
    const { host } = operator;
    this.#host = host;
    this.#books = operator;
    this.#log = log;
    const { store, clock, config } = host;
    this.#mailbox = new Mailbox(store, clock, config.name, doer, log);
    const { events } = operator;
    const submit = doer.submit.bind(doer);
    this.#batches = new BatchKeeper({ store, clock, host: config.name, events, log, submit });
  }

  /**
   * Whether this host may begin anything. Before that is said, whatever runs here and may run elsewhere has
   * been ended: this goes before everything else that a daemon does.
   */
  async enter(): Promise<boolean> {
    const { store, config } = this.#host;
    if (!store.isShared) return true;
    await refuseNamesake(store, config.name);
    const isOff = await isFenced(store, config.name);
    const ended = await quarantineStrays(this.#host, isOff, this.#books);
    if (ended.length > 0) {
      this.#log.warn({ machines: ended, fenced: isOff }, "ended what may run elsewhere");
      await askToAnnounce(store, config.name, ended);
    }
    this.#isOpen = !isOff;
    return this.#isOpen;
  }

  /** Until `signal`. `onReadmitted`: what is this host's may be begun again. */
  async run(onReadmitted: () => Promise<void>, signal: AbortSignal): Promise<void> {
    const { store, clock, docker, config } = this.#host;
    if (!store.isShared) return;
    await Promise.all([
      keepRegistered({ store, clock, docker }, config, this.#log, signal),
      this.#mailbox.follow(signal),
      this.#batches.follow(signal),
      this.#followOrder(onReadmitted, signal),
      this.#guard(signal),
    ]);
  }

  settle(): Promise<void> {
    return this.#mailbox.settle();
  }

  /** What was begun before a fence was known of may end after it. */
  async #guard(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#host.clock.sleep(BEAT_EVERY_MS, signal);
      if (!this.#isOpen && !signal.aborted)
        await this.enter().catch((error) =>
          this.#log.warn({ problem: errorLine(error) }, "what runs on a fenced host cannot be ended"),
        );
    }
  }

  /** A store that was out of reach and is there again is cause to look, too: who was cut off was perhaps fenced. */
  async #followOrder(onReadmitted: () => Promise<void>, signal: AbortSignal): Promise<void> {
    const { store, clock, config } = this.#host;
    const key = orderKey(config.name);
    let wasOpen = this.#isOpen;
    let isWell = true;
    while (!signal.aborted) {
      try {
        const { revision } = await store.list(key);
        for await (const _ of store.changes(key, revision - 1, signal)) {
          const isOpen = await this.enter();
          if (isOpen && !wasOpen) await onReadmitted();
          wasOpen = isOpen;
          isWell = true;
        }
      } catch (error) {
        if (isWell && !signal.aborted)
          this.#log.warn({ problem: errorLine(error) }, "this host's orders cannot be read");
        isWell = false;
      }
      await clock.sleep(AGAIN_MS, signal);
    }
  }
}
