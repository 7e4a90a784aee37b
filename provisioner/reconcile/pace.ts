const FIRST_MS = 5_000;
const LONGEST_MS = 300_000;
/** What has held for so long is another story when it breaks again. */
const FORGET_MS = 600_000;

interface Made {
  readonly count: number;
  readonly atMs: number;
}

/**
 * How soon a repair of one machine may be made again: the first at once, the same one again later and
 * later. Repairs of another kind do not wait for it.
 */
export class Pace {
  readonly #made = new Map<string, Made>();

  /** How long this repair has to wait, 0 when it may be made. */
  waitMs(repair: string, nowMs: number): number {
    const made = this.#recent(repair, nowMs);
    return made === undefined ? 0 : Math.max(0, made.atMs + delayMs(made.count) - nowMs);
  }

  /** Returns how often it has been made in a row. */
  note(repair: string, nowMs: number): number {
    const count = (this.#recent(repair, nowMs)?.count ?? 0) + 1;
    this.#made.set(repair, { count, atMs: nowMs });
    return count;
  }

  /** No repair would have to wait: nothing was mended lately. */
  isQuiet(nowMs: number): boolean {
    return [...this.#made.keys()].every((repair) => this.waitMs(repair, nowMs) === 0);
  }

  /** What was in the way is there again: the next attempt is a first one. */
  reset(): void {
    this.#made.clear();
  }

  #recent(repair: string, nowMs: number): Made | undefined {
    const made = this.#made.get(repair);
    if (made !== undefined && nowMs - made.atMs < FORGET_MS) return made;
    this.#made.delete(repair);
    return undefined;
  }
}

/** After the `count`th time. */
function delayMs(count: number): number {
  return Math.min(FIRST_MS * 2 ** (count - 1), LONGEST_MS);
}
