// Snappy's block format, as core/metrics/snappy.ts has it, of a text in which some bytes are to be changed later. A
// new text of the same shape is then compressed by putting its bytes in their places. What kind a byte is of is a
// number: 0 stays as it is; OPEN is written as a literal, and no copy takes from it; bytes of each other kind are
// changed all alike, so a copy takes such a byte from one of its kind only.
import { wordAt, writeCopies, writeLength, writeLiteral } from "../core/metrics/snappy.ts";

export const OPEN = 1;

const BLOCK = 65_536;
const TABLE_BITS = 12;

/** A run of input bytes that the output has as they are. */
interface Literal {
  readonly start: number;
  readonly end: number;
  /** Where its first byte is in the output. */
  readonly at: number;
}

export interface SnappyTemplate {
  readonly bytes: Buffer;
  /** Where an input byte is in the output; undefined for one that is there as a copy of another only. */
  find(position: number): number | undefined;
}

/** `kinds` says of each byte of `input` what kind it is of. */
export function encodeSnappyTemplate(input: Uint8Array, kinds: Uint8Array): SnappyTemplate {
  const source = Buffer.from(input.buffer, input.byteOffset, input.byteLength);
  const kindOf = Buffer.from(kinds.buffer, kinds.byteOffset, kinds.byteLength);
  const output = Buffer.allocUnsafe(32 + input.length + Math.floor(input.length / 6));
  const literals: Literal[] = [];
  let at = writeLength(output, input.length);
  for (let start = 0, end = 0; start < input.length; start = end) {
    end = Math.min(start + BLOCK, input.length);
    while (end < input.length && kindOf[end] === OPEN) end--; // A run of open bytes stays in one piece.
    at = encodeBlock(source, kindOf, start, end, output, at, literals);
  }
  return { bytes: Buffer.from(output.subarray(0, at)), find: (position) => findIn(literals, position) };
}

function encodeBlock(
  input: Buffer,
  kindOf: Buffer,
  start: number,
  end: number,
  output: Buffer,
  outputAt: number,
  literals: Literal[],
): number {
  const table = new Uint16Array(1 << TABLE_BITS);
  let out = outputAt;
  let literal = start;
  const flush = (to: number): void => {
    const after = writeLiteral(input, literal, to, output, out);
    if (to > literal) literals.push({ start: literal, end: to, at: after - (to - literal) });
    out = after;
  };
  for (let at = start; at <= end - 4; ) {
    const open = lastOpen(kindOf, at);
    if (open >= 0) {
      at = open + 1;
      continue;
    }
    const word = wordAt(input, at);
    const slot = Math.imul(word, 0x1e35a7bd) >>> (32 - TABLE_BITS);
    const seen = start + (table[slot] ?? 0) - 1;
    table[slot] = at - start + 1;
    if (seen < start || wordAt(input, seen) !== word || wordAt(kindOf, seen) !== wordAt(kindOf, at)) {
      at++;
      continue;
    }
    flush(at);
    let matched = at + 4;
    for (let from = seen + 4; matched < end && input[from] === input[matched]; from++, matched++) {
      if (kindOf[from] !== kindOf[matched] || kindOf[matched] === OPEN) break;
    }
    out = writeCopies(output, out, at - seen, matched - at);
    literal = at = matched;
  }
  flush(end);
  return out;
}

/** The last open one of the four bytes from `at` on, -1 where there is none. */
function lastOpen(kindOf: Buffer, at: number): number {
  for (let i = at + 3; i >= at; i--) if (kindOf[i] === OPEN) return i;
  return -1;
}

function findIn(literals: readonly Literal[], position: number): number | undefined {
  let low = 0;
  let high = literals.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const literal = literals[middle];
    if (literal === undefined) return undefined;
    if (position < literal.start) high = middle - 1;
    else if (position >= literal.end) low = middle + 1;
    else return literal.at + position - literal.start;
  }
  return undefined;
}
