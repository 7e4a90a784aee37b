// Snappy's block format (google/snappy, format_description.txt), without framing:
//   05 10 68 65 6c 6c 6f    uvarint length 5, literal of 5 bytes, "hello"
// An element's tag holds its kind in the low two bits: 0 literal, 1 copy (length 4–11, offset < 2048),
// 2 copy (length 1–64, offset < 65536), 3 copy (length 1–64, any offset).
import { DecodeError } from "./decode-error.ts";

/** Matches are looked for within blocks of this size, so that every offset fits a two-byte copy. */
const BLOCK = 65_536;
const TABLE_BITS = 12;
/** Where each hash of four bytes was last seen in the current block, as offset + 1; 0 is never. */
const table = new Uint16Array(1 << TABLE_BITS);

/** Compresses to one block. At most one sixth larger than the input. */
export function encodeSnappy(input: Uint8Array): Uint8Array {
  const output = Buffer.allocUnsafe(32 + input.length + Math.floor(input.length / 6));
  const source = Buffer.from(input.buffer, input.byteOffset, input.byteLength);
  let at = writeLength(output, input.length);
  for (let start = 0; start < input.length; start += BLOCK) {
    at = encodeBlock(source, start, Math.min(start + BLOCK, input.length), output, at);
  }
  return output.subarray(0, at);
}

/** Several blocks as one: a copy says how far back it goes, which stays right wherever its block comes to stand. */
export function joinSnappy(blocks: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  const elements = blocks.map((block) => {
    const head = readLength(block);
    length += head.length;
    return block.subarray(head.at);
  });
  const head = Buffer.allocUnsafe(8);
  return Buffer.concat([head.subarray(0, writeLength(head, length)), ...elements]);
}

/** Elements for input[start, end), greedy: the first match found is taken. Returns the new output position. */
function encodeBlock(input: Buffer, start: number, end: number, output: Buffer, outputAt: number): number {
  table.fill(0);
  // Four bytes must be there to hash, and the offset + 1 of the last of them must fit 16 bits.
  const lastHashed = end - 4;
  let out = outputAt;
  let literal = start;
  let misses = 32;
  for (let at = start; at <= lastHashed; ) {
    const word = wordAt(input, at);
    const slot = Math.imul(word, 0x1e35a7bd) >>> (32 - TABLE_BITS);
    const seen = start + (table[slot] ?? 0) - 1;
    table[slot] = at - start + 1;
    if (seen < start || wordAt(input, seen) !== word) {
      // The longer nothing matches the larger the steps: incompressible input passes quickly.
      at += misses++ >> 5;
      continue;
    }
    out = writeLiteral(input, literal, at, output, out);
    let matched = at + 4;
    for (let from = seen + 4; matched < end && input[from] === input[matched]; from++) matched++;
    out = writeCopies(output, out, at - seen, matched - at);
    literal = at = matched;
    misses = 32;
  }
  return writeLiteral(input, literal, end, output, out);
}

/** Four bytes as one number. */
export function wordAt(bytes: Buffer, at: number): number {
  return (
    ((bytes[at] ?? 0) |
      ((bytes[at + 1] ?? 0) << 8) |
      ((bytes[at + 2] ?? 0) << 16) |
      ((bytes[at + 3] ?? 0) << 24)) >>>
    0
  );
}

/** How a block begins; returns the new position. */
export function writeLength(output: Buffer, length: number): number {
  let at = 0;
  let rest = length;
  for (; rest >= 0x80; rest >>>= 7) output[at++] = (rest & 0x7f) | 0x80;
  output[at++] = rest;
  return at;
}

/** The element of input[start, end); returns the new output position. */
export function writeLiteral(
  input: Buffer,
  start: number,
  end: number,
  output: Buffer,
  outputAt: number,
): number {
  const length = end - start;
  if (length === 0) return outputAt;
  let out = outputAt;
  if (length <= 60) {
    output[out++] = (length - 1) << 2;
  } else if (length <= 256) {
    output[out++] = 60 << 2;
    output[out++] = length - 1;
  } else {
    output[out++] = 61 << 2;
    output[out++] = (length - 1) & 0xff;
    output[out++] = (length - 1) >> 8;
  }
  copyBytes(input, start, end, output, out);
  return out + length;
}

/** The elements of `length` bytes that stood `offset` before; returns the new output position. */
export function writeCopies(output: Buffer, outputAt: number, offset: number, length: number): number {
  let out = outputAt;
  let rest = length;
  while (rest > 0) {
    if (rest >= 4 && rest <= 11 && offset < 2048) {
      output[out++] = ((offset >> 8) << 5) | ((rest - 4) << 2) | 1;
      output[out++] = offset & 0xff;
      return out;
    }
    const part = Math.min(rest, 64);
    output[out++] = ((part - 1) << 2) | 2;
    output[out++] = offset & 0xff;
    output[out++] = offset >> 8;
    rest -= part;
  }
  return out;
}

/**
 * Decompresses one block. Throws DecodeError: `LIMIT` when the result would be larger than `maxBytes`,
 * which is decided before anything is allocated, `MALFORMED` on anything else that is not right.
 */
export function decodeSnappy(input: Uint8Array, maxBytes: number): Uint8Array {
  const source = Buffer.from(input.buffer, input.byteOffset, input.byteLength);
  const { length, at } = readLength(source);
  if (length > maxBytes) {
    throw new DecodeError("LIMIT", `snappy: ${length} bytes uncompressed, at most ${maxBytes} are taken`);
  }
  // The densest element gives 64 bytes for 3: a larger claim is a lie, or a bomb.
  if (length * 3 > (source.length - at) * 64) throw corrupt("length larger than the input can hold", 0);
  const output = Buffer.allocUnsafe(length);
  const written = new Expansion(source, at, output).run();
  if (written !== length) throw corrupt(`${written} bytes, ${length} announced`, source.length);
  return output;
}

function readLength(input: Uint8Array): { length: number; at: number } {
  let length = 0;
  for (let at = 0; at < 5; at++) {
    const byte = input[at];
    if (byte === undefined) throw corrupt("no length", at);
    length += (byte & 0x7f) * 2 ** (7 * at);
    if (byte < 0x80) return { length, at: at + 1 };
  }
  throw corrupt("length of more than five bytes", 5);
}

/** One decompression: where it reads in the input, where it writes in the output. */
class Expansion {
  readonly #input: Buffer;
  readonly #output: Buffer;
  #at: number;
  #out = 0;

  constructor(input: Buffer, at: number, output: Buffer) {
    this.#input = input;
    this.#output = output;
    this.#at = at;
  }

  /** Returns how much was written. */
  run(): number {
    while (this.#at < this.#input.length) {
      const tag = this.#input[this.#at++] ?? 0;
      const kind = tag & 3;
      if (kind === 0) this.#literal(tag >> 2);
      else if (kind === 1) this.#copy(((tag >> 5) << 8) | this.#number(1), ((tag >> 2) & 7) + 4);
      else this.#copy(this.#number(kind === 2 ? 2 : 4), (tag >> 2) + 1);
    }
    return this.#out;
  }

  /** `code` is the length - 1 up to 59; from 60 on, how many bytes hold it. */
  #literal(code: number): void {
    const length = (code < 60 ? code : this.#number(code - 59)) + 1;
    const at = this.#at;
    if (length > this.#input.length - at) throw corrupt("literal runs over the input", at);
    if (length > this.#output.length - this.#out) throw corrupt("more output than announced", at);
    copyBytes(this.#input, at, at + length, this.#output, this.#out);
    this.#at += length;
    this.#out += length;
  }

  #copy(offset: number, length: number): void {
    const output = this.#output;
    if (offset === 0 || offset > this.#out) throw corrupt("copy from outside the output", this.#at);
    if (length > output.length - this.#out) throw corrupt("more output than announced", this.#at);
    const end = this.#out + length;
    // Byte by byte: a copy may overlap what it writes, which is how runs are made.
    for (let out = this.#out; out < end; out++) output[out] = output[out - offset] ?? 0;
    this.#out = end;
  }

  #number(size: number): number {
    if (size > this.#input.length - this.#at) throw corrupt("truncated", this.#at);
    const number = this.#input.readUIntLE(this.#at, size);
    this.#at += size;
    return number;
  }
}

/** A native copy costs more than a loop for a few bytes. */
function copyBytes(from: Buffer, start: number, end: number, to: Buffer, at: number): void {
  if (end - start > 24) from.copy(to, at, start, end);
  else for (let i = start, out = at; i < end; i++, out++) to[out] = from[i] ?? 0;
}

function corrupt(what: string, at: number): DecodeError {
  return new DecodeError("MALFORMED", `snappy: ${what} at byte ${at}`);
}
