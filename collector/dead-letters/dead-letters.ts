import { appendFile, mkdir, rename, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { errorLine } from "../../core/runtime/errors.ts";
import type { Logger } from "../../core/runtime/log.ts";

/** Two files of this size at most. */
const MAX_BYTES = 16 * 1024 * 1024;

export interface DeadLetter {
  readonly sink: string;
  readonly reason: string;
  readonly samples: number;
  readonly body: Uint8Array;
}

/**
 * What a sink refuses for good, a JSON object a line with the reason and the bytes in base64, so that
 * somebody can look at what it was. Without a path nothing is kept of it but the counters.
 */
export class DeadLetters {
  readonly #path: string | undefined;
  readonly #log: Logger;
  readonly #maxBytes: number;
  #running: Promise<void> = Promise.resolve();

  constructor(path: string | undefined, log: Logger, maxBytes: number = MAX_BYTES) {
    this.#path = path;
    this.#log = log;
    this.#maxBytes = maxBytes;
  }

  /** Resolves when it is written; never rejects: a full disk must not stop a delivery that goes on without. */
  add({ sink, reason, samples, body }: DeadLetter, timeMs: number): Promise<void> {
    const path = this.#path;
    if (path === undefined) return Promise.resolve();
    const time = new Date(timeMs).toISOString();
    const line = JSON.stringify({ time, sink, reason, samples, body: Buffer.from(body).toString("base64") });
    this.#running = this.#running.then(() => this.#append(path, `${line}\n`));
    return this.#running;
  }

  async #append(path: string, line: string): Promise<void> {
    try {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      const size = await stat(path).then(
        (status) => status.size,
        () => 0,
      );
      if (size + line.length > this.#maxBytes && size > 0) await rename(path, `${path}.1`);
      if (line.length <= this.#maxBytes) await appendFile(path, line, { mode: 0o600 });
    } catch (error) {
      this.#log.debug({ path, problem: errorLine(error) }, "dead letter not kept");
    }
  }
}
