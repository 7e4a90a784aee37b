// Protocol Buffers' wire format (protobuf.dev, "Encoding"): a message is a run of (tag, value), a tag
// is field << 3 | wire type. `08 96 01` is field 1, varint, 150.
import { DecodeError } from "./decode-error.ts";

export const WIRE = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/** A field's tag as it stands on the wire, for comparison with `ProtoReader.tag()`. */
export function tagOf(field: number, wire: number): number {
  return (field << 3) | wire;
}

const TWO_32 = 0x1_0000_0000;

/**
 * Writes a message from its end to its start, so that the length of a nested message is known when it
 * is written: no sizes are computed beforehand and nothing is moved. Write fields, list elements and
 * nested messages in reverse.
 */
export class ProtoWriter {
  #buffer: Buffer;
  #view: DataView;
  #start: number;

  constructor(sizeHint = 16_384) {
    this.#buffer = Buffer.allocUnsafe(sizeHint);
    this.#view = viewOf(this.#buffer);
    this.#start = sizeHint;
  }

  /** Bytes written so far; hand it to `message` to close a nested message around what came after. */
  get length(): number {
    return this.#buffer.length - this.#start;
  }

  finish(): Uint8Array {
    return this.#buffer.subarray(this.#start);
  }

  /** Encloses everything written since `length` was `since` as the nested message `field`. */
  message(field: number, since: number): void {
    this.#varint(this.length - since);
    this.#varint(tagOf(field, WIRE.bytes));
  }

  int64(field: number, value: number): void {
    if (value >= 0) this.#varint(value);
    else this.#negative(value);
    this.#varint(tagOf(field, WIRE.varint));
  }

  /** Eight bytes given as two little-endian halves: for NaNs whose bits matter. */
  fixed64(field: number, low: number, high: number): void {
    this.#reserve(8);
    this.#start -= 8;
    this.#view.setUint32(this.#start, low, true);
    this.#view.setUint32(this.#start + 4, high, true);
    this.#varint(tagOf(field, WIRE.fixed64));
  }

  double(field: number, value: number): void {
    this.#reserve(8);
    this.#start -= 8;
    this.#view.setFloat64(this.#start, value, true);
    this.#varint(tagOf(field, WIRE.fixed64));
  }

  string(field: number, text: string): void {
    const since = this.length;
    this.#text(text);
    this.message(field, since);
  }

  /** A packed list of unsigned numbers. */
  packed(field: number, values: readonly number[]): void {
    const since = this.length;
    for (let i = values.length - 1; i >= 0; i--) this.#varint(values[i] ?? 0);
    this.message(field, since);
  }

  #text(text: string): void {
    this.#reserve(text.length);
    for (let i = text.length - 1, at = this.#start - 1; i >= 0; i--, at--) {
      const code = text.charCodeAt(i);
      if (code > 0x7f) {
        this.raw(Buffer.from(text, "utf8"));
        return;
      }
      this.#buffer[at] = code;
    }
    this.#start -= text.length;
  }

  /** Bytes as they are: fields encoded elsewhere. */
  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#start -= bytes.length;
    this.#buffer.set(bytes, this.#start);
  }

  #varint(value: number): void {
    if (value < 0x80) {
      this.#reserve(1);
      this.#buffer[--this.#start] = value;
      return;
    }
    const size = varintSize(value);
    this.#reserve(size);
    this.#start -= size;
    let rest = value;
    let at = this.#start;
    for (; rest >= TWO_32; rest = Math.floor(rest / 128)) this.#buffer[at++] = (rest % 128) | 0x80;
    for (; rest >= 0x80; rest >>>= 7) this.#buffer[at++] = (rest & 0x7f) | 0x80;
    this.#buffer[at] = rest;
  }

  /** Negative numbers are their 64-bit two's complement: always ten bytes. */
  #negative(value: number): void {
    let bits = BigInt.asUintN(64, BigInt(value));
    const bytes = new Uint8Array(10);
    for (let i = 0; i < 10; i++, bits >>= 7n) bytes[i] = Number(bits & 0x7fn) | (i < 9 ? 0x80 : 0);
    this.raw(bytes);
  }

  #reserve(count: number): void {
    if (this.#start >= count) return;
    const size = Math.max(this.#buffer.length * 2, this.length + count);
    const grown = Buffer.allocUnsafe(size);
    const start = size - this.length;
    this.#buffer.copy(grown, start, this.#start);
    this.#buffer = grown;
    this.#view = viewOf(grown);
    this.#start = start;
  }
}

/**
 * Reads a message in place: `enter` narrows the reader to a nested message and `leave` widens it
 * again, so nothing is allocated but the values. Every method throws DecodeError on malformed input.
 */
export class ProtoReader {
  readonly bytes: Buffer;
  /** The next byte to read, and where the current message ends. */
  at = 0;
  end: number;
  /** Fields that `skip` has passed over, at any depth. */
  skipped = 0;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#view = viewOf(this.bytes);
    this.end = bytes.length;
  }

  /** The next field's tag, 0 at the end of the message. Field number 0 is malformed. */
  tag(): number {
    if (this.at >= this.end) return 0;
    const tag = this.uint32();
    if (tag >>> 3 === 0) throw malformed("field number 0", this.at);
    return tag;
  }

  /** Narrows the reader to the length-delimited field that follows; give the result to `leave`. */
  enter(): number {
    const outer = this.end;
    const size = this.uint32();
    if (size > outer - this.at) throw malformed("a field runs over its end", this.at);
    this.end = this.at + size;
    return outer;
  }

  /** Back to the enclosing message, past whatever was left unread. */
  leave(outer: number): void {
    this.at = this.end;
    this.end = outer;
  }

  uint32(): number {
    const first = this.bytes[this.at] ?? 0x80;
    if (first < 0x80 && this.at < this.end) {
      this.at++;
      return first;
    }
    const value = this.int64();
    if (value < 0 || value >= TWO_32) throw malformed("a number is out of range", this.at);
    return value;
  }

  /** Throws when the number is beyond what a JavaScript number holds exactly. */
  int64(): number {
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.at >= this.end) throw malformed("truncated", this.at);
      const byte = this.bytes[this.at++] ?? 0;
      const bits = byte & 0x7f;
      if (shift < 32) low |= bits << shift;
      if (shift > 28) high |= bits << (shift - 32);
      else if (shift === 28) high |= bits >>> 4;
      if (byte < 0x80) return exactInteger(high * TWO_32 + (low >>> 0), this.at);
    }
    throw malformed("a number has more than ten bytes", this.at);
  }

  /** Moves past eight bytes and returns where they start, for `doubleAt` and `wordAt`. */
  fixed64(): number {
    const start = this.at;
    if (this.end - start < 8) throw malformed("truncated", start);
    this.at = start + 8;
    return start;
  }

  doubleAt(offset: number): number {
    return this.#view.getFloat64(offset, true);
  }

  wordAt(offset: number): number {
    return this.#view.getUint32(offset, true);
  }

  /** Moves past the value of a field we do not know. */
  skip(tag: number): void {
    this.skipped++;
    const wire = tag & 7;
    if (wire === WIRE.bytes) this.leave(this.enter());
    else if (wire === WIRE.fixed64) this.fixed64();
    else if (wire === WIRE.varint) this.#skipVarint();
    else if (wire === WIRE.fixed32 && this.end - this.at >= 4) this.at += 4;
    else throw malformed(`wire type ${wire}`, this.at);
  }

  #skipVarint(): void {
    for (const limit = Math.min(this.at + 10, this.end); this.at < limit; ) {
      if ((this.bytes[this.at++] ?? 0) < 0x80) return;
    }
    throw malformed("truncated", this.at);
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function varintSize(value: number): number {
  let size = 1;
  for (let limit = 0x80; value >= limit; limit *= 0x80) size++;
  return size;
}

function exactInteger(value: number, at: number): number {
  if (!Number.isSafeInteger(value)) throw malformed("a number is out of range", at);
  return value;
}

function malformed(what: string, at: number): DecodeError {
  return new DecodeError("MALFORMED", `protobuf: ${what} at byte ${at}`);
}
