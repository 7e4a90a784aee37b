/** Something of ours that belongs to no machine. */
export interface Orphan {
  readonly kind: "container" | "port";
  /** A container's id, a port's name. */
  readonly what: string;
  /** The id of the machine it was made for. */
  readonly owner: string;
}

export interface Sighting {
  /** Seen for the first time: to be told. */
  readonly fresh: readonly Orphan[];
  /** Seen all along for the whole rest. */
  readonly due: readonly Orphan[];
}

/** Remembers orphans between two sights of them. One that was not there meanwhile is a new one. */
export class Orphans {
  readonly #restMs: number;
  #since: ReadonlyMap<string, number> = new Map();
  #seen: readonly Orphan[] = [];

  constructor(restMs: number) {
    this.#restMs = restMs;
  }

  get lines(): readonly string[] {
    return this.#seen.map(renderOrphan);
  }

  see(seen: readonly Orphan[], nowMs: number): Sighting {
    const before = this.#since;
    this.#seen = seen;
    this.#since = new Map(seen.map(({ what }) => [what, before.get(what) ?? nowMs]));
    return {
      fresh: seen.filter(({ what }) => !before.has(what)),
      due: seen.filter(({ what }) => nowMs - (before.get(what) ?? nowMs) >= this.#restMs),
    };
  }
}

/** `container 4fa6c0ffee12 of machine 6f1c…`. */
export function renderOrphan({ kind, what, owner }: Orphan): string {
  return `${kind} ${kind === "container" ? what.slice(0, 12) : what} of machine ${owner}`;
}
