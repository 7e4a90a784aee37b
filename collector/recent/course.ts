const SLOTS = 60;
/** Older than this, the latest figure is not the present one. */
const PRESENT_MS = 300_000;

/** One figure a step, the last sixty of them; what is older gives way. */
export class Course {
  readonly #stepMs: number;
  /** NaN where there is none. */
  readonly #figures: Float32Array = new Float32Array(SLOTS).fill(Number.NaN);
  /** Steps since 1970 of the newest figure, and when it was. */
  #newest = Number.NEGATIVE_INFINITY;
  #newestMs = Number.NEGATIVE_INFINITY;

  constructor(stepMs: number) {
    this.#stepMs = stepMs;
  }

  put(atMs: number, figure: number): void {
    const slot = Math.floor(atMs / this.#stepMs);
    if (slot <= this.#newest - SLOTS) return;
    const firstNew = Math.max(this.#newest + 1, slot - SLOTS + 1);
    for (let passed = firstNew; passed <= slot; passed++) this.#figures[passed % SLOTS] = Number.NaN;
    this.#figures[slot % SLOTS] = figure;
    if (atMs < this.#newestMs) return;
    this.#newest = slot;
    this.#newestMs = atMs;
  }

  /** The same of a time that there is no figure of yet: what is remembered does not replace what was heard. */
  fill(atMs: number, figure: number): void {
    if (this.#at(Math.floor(atMs / this.#stepMs)) === undefined) this.put(atMs, figure);
  }

  latest(nowMs: number): number | undefined {
    return nowMs - this.#newestMs > PRESENT_MS ? undefined : this.#at(this.#newest);
  }

  get newestMs(): number {
    return this.#newestMs;
  }

  /** The oldest first. */
  upTo(nowMs: number): readonly (number | undefined)[] {
    const last = Math.floor(nowMs / this.#stepMs);
    return Array.from({ length: SLOTS }, (_, i) => this.#at(last - SLOTS + 1 + i));
  }

  #at(slot: number): number | undefined {
    if (slot > this.#newest || slot <= this.#newest - SLOTS) return undefined;
    const figure = this.#figures[slot % SLOTS] ?? Number.NaN;
    return Number.isNaN(figure) ? undefined : figure;
  }
}
