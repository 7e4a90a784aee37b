/** How many at once of all, and how many of these for one client. */
export interface Share {
  readonly all: number;
  readonly each: number;
}

interface Waiting {
  readonly client: string;
  begin(): void;
}

/** Nobody has all of it: what is shared out has a part for each client, and an end for all together. */
export class Turns {
  readonly #share: Share;
  readonly #taken = new Map<string, number>();
  #all = 0;
  /** In the order they came. */
  readonly #waiting = new Set<Waiting>();

  constructor(share: Share) {
    this.#share = share;
  }

  /** The release, or whose share is used up. */
  tryTake(client: string): (() => void) | "client" | "all" {
    if (this.#of(client) >= this.#share.each) return "client";
    return this.#all < this.#share.all ? this.#begin(client) : "all";
  }

  /** Whoever has its share waits, and is in nobody's way. Undefined where `signal` aborts first. */
  take(client: string, signal: AbortSignal): Promise<(() => void) | undefined> {
    if (signal.aborted) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const leave = (): void => {
        this.#waiting.delete(waiting);
        resolve(undefined);
      };
      const begin = (): void => {
        this.#waiting.delete(waiting);
        signal.removeEventListener("abort", leave);
        resolve(this.#begin(client));
      };
      const waiting: Waiting = { client, begin };
      signal.addEventListener("abort", leave);
      this.#waiting.add(waiting);
      this.#next();
    });
  }

  #begin(client: string): () => void {
    this.#all++;
    this.#taken.set(client, this.#of(client) + 1);
    let isReleased = false;
    return () => {
      if (isReleased) return;
      isReleased = true;
      this.#all--;
      const left = this.#of(client) - 1;
      if (left === 0) this.#taken.delete(client);
      else this.#taken.set(client, left);
      this.#next();
    };
  }

  /** A set may lose what is passed by while it is walked through. */
  #next(): void {
    for (const { client, begin } of this.#waiting) {
      if (this.#all >= this.#share.all) return;
      if (this.#of(client) < this.#share.each) begin();
    }
  }

  #of(client: string): number {
    return this.#taken.get(client) ?? 0;
  }
}
