// The values of one series, in the order of their times, as the first of these that holds them exactly:
//   0  constant   the value, once
//   1  integers   value × 10^scale: the first two, then what changes between them (order 1) or what changes of
//                 that (order 2), in a unit, Rice-coded: a counter that runs evenly is one bit a sample
//   2  doubles    each XORed with the one before: a bit for the same, else the bits that differ
import { BitReader, type BitWriter, doubleOf, unzigzag, wordsOf, zigzag } from "./bits.ts";

const CONSTANT = 0;
const INTEGERS = 1;
const DOUBLES = 2;

/** Percentages and seconds have two decimals, ratios three; beyond six it is noise. */
const MAX_SCALE = 6;
/** Differences of differences of these, zigzagged, stay within 53 bits. */
const MAX_INTEGER = 2 ** 49;
/** A number with a quotient this long is written as it is. */
const ESCAPE = 24;
const PLAIN_BITS = 53;

/** Writes values, not none, from a whole byte to a whole byte. */
export function writeValues(writer: BitWriter, values: readonly number[]): void {
  const [first = 0] = values;
  if (values.every((value) => Object.is(value, first))) {
    writer.varint(CONSTANT);
    writeNumber(writer, first);
    return;
  }
  const scale = findScale(values);
  if (scale === undefined) writeDoubles(writer, values);
  else writeIntegers(writer, values, scale);
  writer.align();
}

/** Throws RangeError when the bytes are not those of `count` values. */
export function readValues(bytes: Uint8Array, start: number, end: number, count: number): number[] {
  const reader = new BitReader(bytes, start, end);
  const kind = reader.varint();
  if (kind === CONSTANT) return new Array<number>(count).fill(readNumber(reader));
  if (kind === INTEGERS) return readIntegers(reader, count);
  if (kind === DOUBLES) return readDoubles(reader, count);
  throw new RangeError(`values of an unknown kind ${kind}`);
}

/** An integer with a scale takes fewer bytes than a double, where it is one. */
function writeNumber(writer: BitWriter, value: number): void {
  const scale = findScale([value]);
  writer.varint(scale === undefined ? MAX_SCALE + 1 : scale);
  if (scale === undefined) writer.float64(value);
  else writer.varint(zigzag(Math.round(value * 10 ** scale)));
}

function readNumber(reader: BitReader): number {
  const scale = reader.varint();
  return scale > MAX_SCALE ? reader.float64() : unzigzag(reader.varint()) / 10 ** scale;
}

/** The power of ten that makes all of them integers and gives them back exactly; undefined where none does. */
function findScale(values: readonly number[]): number | undefined {
  let scale = 0;
  for (const value of values) {
    while (!isExact(value, scale)) if (++scale > MAX_SCALE) return undefined;
  }
  // A value that fitted a smaller scale need not fit this one.
  return values.every((value) => isExact(value, scale)) ? scale : undefined;
}

function isExact(value: number, scale: number): boolean {
  const integer = Math.round(value * 10 ** scale);
  // -0 is a double.
  return Math.abs(integer) < MAX_INTEGER && integer / 10 ** scale === value && !Object.is(value, -0);
}

function writeIntegers(writer: BitWriter, values: readonly number[], scale: number): void {
  const integers = values.map((value) => Math.round(value * 10 ** scale));
  const plain = differences(integers);
  const unit = plain.reduce(greatestDivisor, 0);
  const changes = unit === 0 ? plain : plain.map((change) => change / unit);
  const second = differences(changes);
  const isSecond = costOf(second) < costOf(changes.slice(1));
  const codes = (isSecond ? second : changes.slice(1)).map(zigzag);
  const k = bestParameter(codes);
  writer.varint(INTEGERS);
  writer.varint(scale * 4 + (isSecond ? 2 : 1));
  writer.varint(k);
  // The first two apart: how far a counter is says nothing about how it runs.
  writer.varint(zigzag(integers[0] ?? 0));
  writer.varint(unit);
  writer.varint(zigzag(changes[0] ?? 0));
  for (const code of codes) writeRice(writer, code, k);
}

function readIntegers(reader: BitReader, count: number): number[] {
  const shape = reader.varint();
  const [scale, order] = [10 ** Math.floor(shape / 4), shape % 4];
  const k = reader.varint();
  if (k > PLAIN_BITS || scale > 10 ** MAX_SCALE) throw new RangeError("integers of an unknown form");
  let integer = unzigzag(reader.varint());
  const unit = reader.varint();
  let change = unzigzag(reader.varint());
  const values = [integer / scale];
  integer += change * unit;
  if (count > 1) values.push(integer / scale);
  while (values.length < count) {
    const code = unzigzag(readRice(reader, k));
    change = order === 2 ? change + code : code;
    integer += change * unit;
    values.push(integer / scale);
  }
  return values;
}

/** Memory changes by pages, disks by sectors: what all changes are multiples of is written once. */
function greatestDivisor(one: number, other: number): number {
  let [a, b] = [Math.abs(one), Math.abs(other)];
  while (b > 0) [a, b] = [b, a % b];
  return a;
}

function differences(values: readonly number[]): number[] {
  return values.slice(1).map((value, i) => value - (values[i] ?? 0));
}

/** Bits, near enough for a choice. */
function costOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + Math.log2(1 + Math.abs(value)), 0);
}

/** The number of low bits to write plainly, so that the rest is short in unary. */
function bestParameter(codes: readonly number[]): number {
  const mean = codes.reduce((sum, code) => sum + code, 0) / Math.max(codes.length, 1);
  const guess = Math.max(0, Math.floor(Math.log2(mean * Math.LN2 + Number.MIN_VALUE)));
  let best = 0;
  // A counter that starts anew is one great change among small ones: the mean is a bound only.
  for (let k = 1; k <= Math.min(guess + 1, PLAIN_BITS); k++) {
    if (riceBits(codes, k) < riceBits(codes, best)) best = k;
  }
  return best;
}

function riceBits(codes: readonly number[], k: number): number {
  const unit = 2 ** k;
  let bits = 0;
  for (const code of codes) {
    const quotient = Math.floor(code / unit);
    bits += quotient < ESCAPE ? quotient + 1 + k : ESCAPE + PLAIN_BITS;
  }
  return bits;
}

function writeRice(writer: BitWriter, code: number, k: number): void {
  const quotient = Math.floor(code / 2 ** k);
  if (quotient >= ESCAPE) {
    writer.bits(2 ** ESCAPE - 1, ESCAPE);
    writer.bits(code, PLAIN_BITS);
    return;
  }
  // As many ones as the quotient, and a zero.
  writer.bits(2 ** (quotient + 1) - 2, quotient + 1);
  if (k > 0) writer.bits(code % 2 ** k, k);
}

function readRice(reader: BitReader, k: number): number {
  let quotient = 0;
  while (quotient < ESCAPE && reader.bit() === 1) quotient++;
  if (quotient === ESCAPE) return reader.bits(PLAIN_BITS);
  return quotient * 2 ** k + (k > 0 ? reader.bits(k) : 0);
}

function writeDoubles(writer: BitWriter, values: readonly number[]): void {
  writer.varint(DOUBLES);
  let [high, low] = [0, 0];
  let [leading, trailing] = [65, 0];
  for (const value of values) {
    const [nextHigh, nextLow] = wordsOf(value);
    const [differHigh, differLow] = [(high ^ nextHigh) >>> 0, (low ^ nextLow) >>> 0];
    [high, low] = [nextHigh, nextLow];
    if (differHigh === 0 && differLow === 0) {
      writer.bits(0, 1);
      continue;
    }
    const front = differHigh !== 0 ? Math.clz32(differHigh) : 32 + Math.clz32(differLow);
    const back = differLow !== 0 ? trailingZeros(differLow) : 32 + trailingZeros(differHigh);
    if (front >= leading && back >= trailing) writer.bits(0b10, 2);
    else {
      [leading, trailing] = [front, back];
      writer.bits(0b11, 2);
      writer.bits(leading, 6);
      writer.bits(63 - leading - trailing, 6);
    }
    writeWindow(writer, differHigh, differLow, leading, trailing);
  }
}

function readDoubles(reader: BitReader, count: number): number[] {
  const values: number[] = [];
  let [high, low] = [0, 0];
  let [leading, trailing] = [0, 0];
  while (values.length < count) {
    if (reader.bit() === 1) {
      if (reader.bit() === 1) {
        leading = reader.bits(6);
        trailing = 63 - leading - reader.bits(6);
        if (trailing < 0) throw new RangeError("more bits than a double has");
      }
      const [differHigh, differLow] = readWindow(reader, leading, trailing);
      high = (high ^ differHigh) >>> 0;
      low = (low ^ differLow) >>> 0;
    }
    values.push(doubleOf(high, low));
  }
  return values;
}

/** The bits of a 64-bit number without its `leading` first and `trailing` last, which are zero. */
function writeWindow(writer: BitWriter, high: number, low: number, leading: number, trailing: number): void {
  const inHigh = Math.max(0, 32 - leading - Math.max(0, trailing - 32));
  if (inHigh > 0) writer.bits((high >>> Math.max(0, trailing - 32)) % 2 ** inHigh, inHigh);
  const inLow = Math.max(0, 32 - trailing - Math.max(0, leading - 32));
  if (inLow > 0) writer.bits((low >>> trailing) % 2 ** inLow, inLow);
}

function readWindow(reader: BitReader, leading: number, trailing: number): readonly [number, number] {
  const inHigh = Math.max(0, 32 - leading - Math.max(0, trailing - 32));
  const high = inHigh > 0 ? reader.bits(inHigh) * 2 ** Math.max(0, trailing - 32) : 0;
  const inLow = Math.max(0, 32 - trailing - Math.max(0, leading - 32));
  const low = inLow > 0 ? reader.bits(inLow) * 2 ** trailing : 0;
  return [high, low];
}

function trailingZeros(word: number): number {
  return 31 - Math.clz32(word & -word);
}
