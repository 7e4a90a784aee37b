/**
 * The texts of the last moments: one rendering serves everybody who reads a container's file within the bound. Two
 * generations of them, so that what nobody asks for any more is dropped without being looked for.
 */
export class FreshTexts {
  readonly #freshnessMs: number;
  readonly #nowMs: () => number;
  #young = new Map<string, FreshText>();
  #old = new Map<string, FreshText>();
  #turnMs = Number.NEGATIVE_INFINITY;

  /** 0: every read renders. */
  constructor(freshnessMs: number, nowMs: () => number) {
    this.#freshnessMs = freshnessMs;
    this.#nowMs = nowMs;
  }

  /** The text for `owner`, not older than the bound. */
  get(owner: string, path: string, render: () => Uint8Array): Uint8Array {
    if (this.#freshnessMs === 0) return render();
    const now = this.#nowMs();
    if (now - this.#turnMs >= this.#freshnessMs) this.#turn(now);
    const key = `${path}\n${owner}`;
    const known = this.#young.get(key) ?? this.#old.get(key);
    if (known !== undefined && now - known.renderedMs < this.#freshnessMs) return known.text;
    // As of its beginning: rendering reads one figure after the other.
    const text = render();
    this.#young.set(key, { text, renderedMs: now });
    return text;
  }

  #turn(now: number): void {
    this.#old = this.#young;
    this.#young = new Map();
    this.#turnMs = now;
  }
}

interface FreshText {
  readonly text: Uint8Array;
  readonly renderedMs: number;
}
