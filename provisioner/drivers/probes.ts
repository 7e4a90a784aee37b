import type { Clock } from "../../core/runtime/clock.ts";
import type { ProbeResult } from "./arp.ts";

/** What was found out longer ago may have changed since. */
const FRESH_MS = 15_000;

interface Begun {
  readonly address: string;
  readonly atMs: number;
  readonly result: Promise<ProbeResult>;
}

/**
 * Questions put to the wire ahead of the step that needs the answer: the silence that proves an address
 * free takes a second or three, in which the machine's disk can be made. An answer is used once.
 */
export class Probes {
  readonly #clock: Clock;
  readonly #begun = new Map<string, Begun>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Asks for the address of a machine, found by its id. */
  begin(id: string, address: string, ask: () => Promise<ProbeResult>): void {
    const result = ask();
    // Whoever takes it hears of a failure; nobody may.
    result.catch(() => {});
    this.#begun.set(id, { address, result, atMs: this.#clock.monotonicMs() });
  }

  /** The answer to what was begun, or to a question put now. */
  take(id: string, address: string, ask: () => Promise<ProbeResult>): Promise<ProbeResult> {
    const begun = this.#begun.get(id);
    this.drop(id);
    const isFresh = begun?.address === address && this.#clock.monotonicMs() - begun.atMs < FRESH_MS;
    return isFresh ? begun.result : ask();
  }

  /** Its card is gone. */
  drop(id: string): void {
    this.#begun.delete(id);
  }
}
