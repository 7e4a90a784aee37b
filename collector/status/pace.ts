/** A minute in steps of ten seconds. */
const STEPS = 6;
export const PACE_STEP_MS = 10_000;

/** How fast something counts up, over the last minute, or less after a start. */
export class Pace {
  readonly #read: () => number;
  #seen: readonly { readonly atMs: number; readonly total: number }[];

  constructor(read: () => number, nowMs: number) {
    this.#read = read;
    this.#seen = [{ atMs: nowMs, total: read() }];
  }

  /** To be called every `PACE_STEP_MS`; times are monotonic. */
  note(nowMs: number): void {
    this.#seen = [...this.#seen.slice(-STEPS), { atMs: nowMs, total: this.#read() }];
  }

  perSecond(nowMs: number): number {
    const [first] = this.#seen;
    if (first === undefined || nowMs <= first.atMs) return 0;
    return ((this.#read() - first.total) * 1000) / (nowMs - first.atMs);
  }
}
