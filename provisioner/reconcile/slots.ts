/** So many at once, the others in the order they came. */
export class Slots {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  /** Returns the release. */
  async take(): Promise<() => void> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return () => {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free++;
      else next();
    };
  }
}

/** Has `body` run in one of them. */
export async function inSlot<T>(slots: Slots, body: () => Promise<T>): Promise<T> {
  const release = await slots.take();
  try {
    return await body();
  } finally {
    release();
  }
}
