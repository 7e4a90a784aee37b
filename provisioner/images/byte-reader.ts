import { PlimsollError } from "../../core/runtime/errors.ts";

/** Unpacked, of one layer: more is a bomb. */
const MOST_BYTES: number = 64 * 2 ** 30;

/** A stream by the byte. */
export class ByteReader {
  readonly #what: string;
  readonly #chunks: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array();
  #position = 0;

  constructor(what: string, chunks: AsyncIterable<Uint8Array>) {
    this.#what = what;
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** Bytes taken so far. */
  get position(): number {
    return this.#position;
  }

  /** So many bytes; none at the end of the stream. Throws where it ends in between. */
  async take(length: number): Promise<Buffer> {
    const parts: Uint8Array[] = [];
    let missing = length;
    while (missing > 0) {
      if (this.#rest.length === 0 && !(await this.#fill())) break;
      const part = this.#rest.subarray(0, missing);
      this.#advance(part.length);
      missing -= part.length;
      parts.push(part);
    }
    if (missing > 0 && missing < length) throw this.#truncated();
    return Buffer.concat(parts);
  }

  async skip(length: number): Promise<void> {
    for (let missing = length; missing > 0; ) {
      if (this.#rest.length === 0 && !(await this.#fill())) throw this.#truncated();
      const passed = Math.min(this.#rest.length, missing);
      this.#advance(passed);
      missing -= passed;
    }
  }

  async drain(): Promise<void> {
    do this.#advance(this.#rest.length);
    while (await this.#fill());
  }

  #advance(length: number): void {
    this.#rest = this.#rest.subarray(length);
    this.#position += length;
    if (this.#position > MOST_BYTES)
      throw new PlimsollError("IMAGE", `${this.#what}: unpacks to more than ${MOST_BYTES} bytes`);
  }

  async #fill(): Promise<boolean> {
    const next = await this.#chunks.next();
    this.#rest = next.done ? new Uint8Array() : next.value;
    return next.done !== true;
  }

  #truncated(): PlimsollError {
    return new PlimsollError("IMAGE", `${this.#what}: ends in the middle, after ${this.#position} bytes`);
  }
}
