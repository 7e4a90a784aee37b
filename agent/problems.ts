/** What is wrong with each of several things, so that only a change is worth a line in the log. */
export class Problems {
  readonly #known = new Map<string, string>();

  /** Whether it stood otherwise with it the last time. Nothing is known at first, and nothing wrong. */
  hasChanged(thing: string, problem: string | undefined): boolean {
    if (problem === this.#known.get(thing)) return false;
    if (problem === undefined) this.#known.delete(thing);
    else this.#known.set(thing, problem);
    return true;
  }
}
