import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Readable } from "node:stream";
import { finished } from "node:stream/promises";
import { type Clock, systemClock } from "../../../core/runtime/clock.ts";
import { PlimsollError } from "../../../core/runtime/errors.ts";

/** Time in which nothing but a client is waited for. */
export interface Allowance {
  readonly mostMs: number;
  /** What gives it back: a client that keeps up with this is waited for without an end. */
  readonly bytesPerSecond: number;
}

/**
 * What is left of a client's time. It goes by while the client is waited for, never while it waits for us, and comes back
 * with what it brings or takes; so neither silence nor a byte now and then holds anything for long.
 */
export class Patience {
  readonly #allowance: Allowance;
  readonly #clock: Clock;
  #leftMs: number;

  constructor(allowance: Allowance, clock: Clock = systemClock) {
    this.#allowance = allowance;
    this.#clock = clock;
    this.#leftMs = allowance.mostMs;
  }

  /** What `step` comes to. Throws when the client's time is over first. */
  async wait<T>(step: Promise<T>): Promise<T> {
    const beganMs = this.#clock.monotonicMs();
    const ended = new AbortController();
    try {
      const isOver = this.#clock.sleep(this.#leftMs, ended.signal);
      const first = await Promise.race([step.then((value) => ({ value })), isOver]);
      if (first !== undefined) return first.value;
    } finally {
      ended.abort();
      this.#leftMs = Math.max(0, this.#leftMs - (this.#clock.monotonicMs() - beganMs));
    }
    throw new PlimsollError("SLOW_CLIENT", "the client is too slow");
  }

  give(bytes: number): void {
    const { mostMs, bytesPerSecond } = this.#allowance;
    this.#leftMs = Math.min(mostMs, this.#leftMs + (bytes / bytesPerSecond) * 1000);
  }
}

/** The body of a request. The request itself stays as it is, whoever stops reading: there is still to be an answer. */
export async function* receive(request: Readable, patience: Patience): AsyncGenerator<Buffer> {
  const chunks: AsyncIterator<Buffer> = request.iterator({ destroyOnReturn: false });
  for (;;) {
    const next = await patience.wait(chunks.next());
    if (next.done) return;
    patience.give(next.value.length);
    yield next.value;
  }
}

/** Hands on a body, whose headers have been written, as it comes. */
export async function send(
  body: IncomingMessage,
  response: ServerResponse,
  patience: Patience,
): Promise<void> {
  response.once("error", () => {}); // writing to whom has just left
  for await (const chunk of body as AsyncIterable<Buffer>) {
    if (!response.destroyed && !response.write(chunk)) await patience.wait(drained(response));
    if (response.destroyed) throw new PlimsollError("CLIENT_GONE", "the client has left");
    patience.give(chunk.length);
  }
  response.end();
  await patience.wait(finished(response));
}

async function drained(response: ServerResponse): Promise<void> {
  const settled = new AbortController();
  const { signal } = settled;
  try {
    await Promise.race([once(response, "drain", { signal }), once(response, "close", { signal })]);
  } finally {
    settled.abort();
  }
}
