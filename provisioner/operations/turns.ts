/** Who may work on which machine, within one process: whoever asked first. */
export class Turns {
  readonly #last = new Map<string, Promise<void>>();

  /** Whether nobody has, or waits for, any of the names. */
  areFree(names: readonly string[]): boolean {
    return !names.some((name) => this.#last.has(name));
  }

  /**
   * Waits until nobody else has any of the names. All are queued for at once, so that two who want the
   * same ones in another order never wait for each other. Returns the release.
   */
  async take(names: readonly string[]): Promise<() => void> {
    const before = names.map((name) => this.#last.get(name));
    let end = (): void => {};
    const turn = new Promise<void>((resolve) => {
      end = resolve;
    });
    for (const name of names) this.#last.set(name, turn);
    await Promise.all(before);
    return () => {
      end();
      for (const name of names) if (this.#last.get(name) === turn) this.#last.delete(name);
    };
  }
}
