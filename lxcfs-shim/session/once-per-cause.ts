import type { LogFields, Logger } from "../../core/runtime/log.ts";

/** So many different causes are remembered; beyond that they are not told apart. */
const CAUSES_MAX = 200;

/**
 * Logs a failure the first time its cause is seen. A reader that polls a broken file must not fill the
 * log: a cause is told again with its count each time that has grown tenfold.
 */
export class OncePerCause {
  readonly #counts = new Map<string, number>();
  readonly #log: Logger;

  constructor(log: Logger) {
    this.#log = log;
  }

  report(cause: string, fields: LogFields, message: string): void {
    const key = this.#counts.has(cause) || this.#counts.size < CAUSES_MAX ? cause : "other causes";
    const count = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, count);
    if (isPowerOfTen(count)) this.#log.error({ ...fields, count }, message);
  }
}

function isPowerOfTen(count: number): boolean {
  return /^10*$/.test(String(count));
}
