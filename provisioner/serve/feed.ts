/** What happens, one thing after another, for any number of readers who come at any time. */
export class Feed<T> {
  readonly #items: T[] = [];
  readonly #waiting = new Set<() => void>();
  #isOver = false;

  push(item: T): void {
    this.#items.push(item);
    this.#wake();
  }

  /** Nothing comes any more. */
  end(): void {
    this.#isOver = true;
    this.#wake();
  }

  /** From the first item to the last, or until `signal`. */
  async *read(signal: AbortSignal): AsyncGenerator<T> {
    for (let next = 0; ; ) {
      while (next < this.#items.length) yield this.#items[next++] as T;
      if (this.#isOver || signal.aborted) return;
      await this.#more(signal);
    }
  }

  #more(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#waiting.delete(wake);
        signal.removeEventListener("abort", wake);
        resolve();
      };
      this.#waiting.add(wake);
      signal.addEventListener("abort", wake);
    });
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake();
  }
}
