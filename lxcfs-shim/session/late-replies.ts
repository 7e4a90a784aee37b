import type { Transport } from "../transport/types.ts";

/** Sends replies that the serving thread held back: it has no timers. Whoever they are for may have gone meanwhile. */
export class LateReplies {
  readonly #transport: Pick<Transport, "send">;
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(transport: Pick<Transport, "send">) {
    this.#transport = transport;
  }

  send(reply: Uint8Array, delayMs: number): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#transport.send(Buffer.from(reply.buffer, reply.byteOffset, reply.length));
    }, delayMs);
    this.#timers.add(timer);
  }

  /** Before the device is closed: its number may soon be another file's. */
  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }
}
