import type { Operation } from "../fuse/operation.ts";

type Kind = Operation["kind"];

const KINDS = [
  "lookup",
  "forget",
  "getattr",
  "readlink",
  "open",
  "read",
  "release",
  "opendir",
  "readdir",
  "releasedir",
  "statfs",
] as const satisfies readonly Kind[];

const INDEX = Object.fromEntries(KINDS.map((kind, index) => [kind, index])) as Record<Kind, number>;

const BYTES = KINDS.length * 2 * Float64Array.BYTES_PER_ELEMENT;

/** How often each operation was asked for and how often the answer was an error, since the session began. */
export type OperationCounts = Readonly<
  Partial<Record<Kind, { readonly count: number; readonly errors: number }>>
>;

/**
 * Counted in memory two threads share: the serving thread never reads messages, so whoever wants the
 * figures looks for himself. A figure may be one operation old, never torn (aligned 8-byte stores).
 */
export class Counters {
  readonly memory: SharedArrayBuffer;
  readonly #values: Float64Array;

  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(BYTES)) {
    this.memory = memory;
    this.#values = new Float64Array(memory);
  }

  add(kind: Kind, failed: boolean): void {
    const at = 2 * INDEX[kind];
    this.#values[at] = (this.#values[at] ?? 0) + 1;
    if (failed) this.#values[at + 1] = (this.#values[at + 1] ?? 0) + 1;
  }

  /** The kinds that occurred. */
  read(): OperationCounts {
    const seen = KINDS.map((kind, index) => {
      const count = this.#values[2 * index] ?? 0;
      return [kind, { count, errors: this.#values[2 * index + 1] ?? 0 }] as const;
    });
    return Object.fromEntries(seen.filter(([, { count }]) => count > 0));
  }
}
