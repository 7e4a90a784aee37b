/** How something is seen from somewhere: `H` is what all share, `V` what one owner's texts are rendered from. */
export interface Sight<H, V> {
  look(host: H): V;
  render(view: V): Uint8Array;
}

/** What was seen of one owner in this moment. */
interface Seen<V> {
  readonly view: V;
  readonly texts: Map<string, Uint8Array>;
}

/**
 * What is read within the bound is read of one moment: the host's files once for all containers, a container's cgroup once
 * for all its files, and one rendering serves everybody who reads a container's file. Then all of it is forgotten.
 */
export class Moments<H, V> {
  readonly #freshnessMs: number;
  readonly #nowMs: () => number;
  readonly #openHost: () => H;
  #host: H;
  #seen = new Map<string, Seen<V>>();
  #sinceMs = Number.NEGATIVE_INFINITY;

  /** 0: every read is a moment of its own. */
  constructor(freshnessMs: number, nowMs: () => number, openHost: () => H) {
    this.#freshnessMs = freshnessMs;
    this.#nowMs = nowMs;
    this.#openHost = openHost;
    this.#host = openHost();
  }

  /** The text for `owner`, not older than the bound. */
  get(owner: string, path: string, sight: Sight<H, V>): Uint8Array {
    if (this.#freshnessMs === 0) return this.alone(sight);
    const now = this.#nowMs();
    // As of its beginning: what is read one after the other is as old as the first of it.
    if (now - this.#sinceMs >= this.#freshnessMs) this.#begin(now);
    const seen = this.#seen.get(owner) ?? this.#look(owner, sight);
    const text = seen.texts.get(path) ?? sight.render(seen.view);
    seen.texts.set(path, text);
    return text;
  }

  /** The text of a moment of its own: for one reader, and kept for nobody. */
  alone(sight: Sight<H, V>): Uint8Array {
    return sight.render(sight.look(this.#openHost()));
  }

  #begin(now: number): void {
    this.#seen = new Map();
    this.#host = this.#openHost();
    this.#sinceMs = now;
  }

  #look(owner: string, sight: Sight<H, V>): Seen<V> {
    const seen = { view: sight.look(this.#host), texts: new Map<string, Uint8Array>() };
    this.#seen.set(owner, seen);
    return seen;
  }
}
