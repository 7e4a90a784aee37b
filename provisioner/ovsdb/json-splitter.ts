/*
 * {"id":"echo","method":"echo","params":[]}{"id":1,"result":[{}],"error":null}
 *
 * RFC 7047 §4: JSON-RPC 1.0 objects back to back, nothing between them that marks an end.
 */
import { PlimsollError } from "../../core/runtime/errors.ts";

/** Far above any reply we ask for: a dump of 1000 ports is 1 MB. */
const MAX_MESSAGE_BYTES = 32 * 1024 * 1024;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENING: ReadonlySet<number> = new Set([0x7b, 0x5b]); // { [
const CLOSING: ReadonlySet<number> = new Set([0x7d, 0x5d]); // } ]
const SPACE: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d]);

/**
 * Cuts a byte stream into JSON objects by counting brackets outside strings. It works on bytes: all
 * that it looks for is ASCII, and no byte of a longer UTF-8 character is. Each byte is looked at once.
 */
export class JsonSplitter {
  readonly #maxBytes: number;
  /** The message that has begun and not ended. */
  #parts: Buffer[] = [];
  #bytes = 0;
  #depth = 0;
  #inString = false;
  #escaped = false;

  constructor(maxBytes: number = MAX_MESSAGE_BYTES) {
    this.#maxBytes = maxBytes;
  }

  /** The objects that end in this chunk. Throws PlimsollError `OVSDB_PROTOCOL` on anything but JSON objects. */
  push(chunk: Buffer): unknown[] {
    const messages: unknown[] = [];
    let start = 0;
    for (let at = 0; at < chunk.length; at++) {
      if (this.#depth === 0) {
        start = skipToObject(chunk, at);
        if (start === chunk.length) return messages;
        at = start;
      }
      if (this.#endsAt(chunk[at] ?? 0)) {
        messages.push(this.#take(chunk.subarray(start, at + 1)));
        start = at + 1;
      }
    }
    if (this.#depth > 0) this.#keep(chunk.subarray(start));
    return messages;
  }

  /** Whether this byte ends the message. */
  #endsAt(byte: number): boolean {
    if (this.#inString) {
      if (this.#escaped) this.#escaped = false;
      else if (byte === BACKSLASH) this.#escaped = true;
      else if (byte === QUOTE) this.#inString = false;
      return false;
    }
    if (byte === QUOTE) this.#inString = true;
    else if (OPENING.has(byte)) this.#depth++;
    else if (CLOSING.has(byte)) return --this.#depth === 0;
    return false;
  }

  #keep(part: Buffer): void {
    this.#bytes += part.length;
    if (this.#bytes > this.#maxBytes) {
      throw protocolError(`a message is longer than ${this.#maxBytes} bytes`);
    }
    this.#parts.push(part);
  }

  #take(last: Buffer): unknown {
    this.#keep(last);
    const text = Buffer.concat(this.#parts).toString();
    this.#parts = [];
    this.#bytes = 0;
    try {
      return JSON.parse(text);
    } catch (cause) {
      throw protocolError(`not JSON: ${JSON.stringify(text.slice(0, 60))}`, cause);
    }
  }
}

/** Where the next object begins, the chunk's length if only white space is left. */
function skipToObject(chunk: Buffer, from: number): number {
  let at = from;
  while (at < chunk.length && SPACE.has(chunk[at] ?? 0)) at++;
  if (at < chunk.length && chunk[at] !== 0x7b) {
    throw protocolError(`not a JSON object: ${JSON.stringify(chunk.toString("latin1", at, at + 40))}`);
  }
  return at;
}

function protocolError(detail: string, cause?: unknown): PlimsollError {
  return new PlimsollError("OVSDB_PROTOCOL", `the peer does not speak OVSDB: ${detail}`, { cause });
}
