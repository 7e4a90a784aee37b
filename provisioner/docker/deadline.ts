import { setMaxListeners } from "node:events";

/** That somebody wants an end, and how long a request is waited for from then on. */
export interface Hurry {
  readonly signal: AbortSignal;
  /** One that was under way. */
  readonly underWayMs: number;
  /** One that comes after, to take back what was begun. */
  readonly afterMs: number;
}

/** An engine that is well has answered by then; one that hangs keeps nobody for longer than both together. */
const UNDER_WAY_MS = 2_000;
const AFTER_MS = 10_000;

export function hurryBy(signal: AbortSignal): Hurry {
  // Every request under way listens.
  setMaxListeners(0, signal);
  return { signal, underWayMs: UNDER_WAY_MS, afterMs: AFTER_MS };
}

/** The end of one request, in case somebody hurries. Its signal aborts with what `tell` says. */
export class Deadline {
  readonly #hurry: Hurry;
  readonly #tell: () => Error;
  readonly #controller = new AbortController();
  #timer: NodeJS.Timeout | undefined;

  /** `longerMs`: it is meant to take so long. */
  constructor(hurry: Hurry, longerMs: number, tell: () => Error) {
    this.#hurry = hurry;
    this.#tell = tell;
    if (hurry.signal.aborted) this.#expireIn(hurry.afterMs + longerMs);
    else hurry.signal.addEventListener("abort", this.#hasten);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The request has ended by itself. */
  close(): void {
    clearTimeout(this.#timer);
    this.#hurry.signal.removeEventListener("abort", this.#hasten);
  }

  readonly #hasten = (): void => this.#expireIn(this.#hurry.underWayMs);

  #expireIn(ms: number): void {
    this.#timer = setTimeout(() => this.#controller.abort(this.#tell()), ms);
  }
}
