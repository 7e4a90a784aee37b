const TWO_32 = 0x1_0000_0000;

/** Bits and varints one after the other, into memory that grows. Numbers are integers of up to 53 bits. */
export class BitWriter {
  #bytes = Buffer.allocUnsafe(1024);
  /** Whole bytes written, and the bits that wait to become one. */
  #length = 0;
  #pending = 0;
  #pendingBits = 0;

  bits(value: number, count: number): void {
    if (count > 24) {
      this.bits(Math.floor(value / 0x100_0000), count - 24);
      this.#push(value % 0x100_0000, 24);
    } else this.#push(value, count);
  }

  /** Unsigned, seven bits a byte; only where no bits wait. */
  varint(value: number): void {
    let rest = value;
    for (; rest >= 0x80; rest = Math.floor(rest / 128)) this.#byte((rest % 128) | 0x80);
    this.#byte(rest);
  }

  float64(value: number): void {
    scratch.setFloat64(0, value);
    for (let i = 0; i < 8; i++) this.#byte(scratch.getUint8(i));
  }

  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Fills the last byte with zeros; returns how many bytes there are. */
  align(): number {
    if (this.#pendingBits > 0) this.#push(0, 8 - this.#pendingBits);
    return this.#length;
  }

  /** All that has been written, aligned. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.align());
  }

  /** At most 24 bits: with seven that wait they stay within 31. */
  #push(value: number, count: number): void {
    this.#pending = (this.#pending << count) | value;
    this.#pendingBits += count;
    while (this.#pendingBits >= 8) {
      this.#pendingBits -= 8;
      this.#byte((this.#pending >>> this.#pendingBits) & 0xff);
    }
    this.#pending &= (1 << this.#pendingBits) - 1;
  }

  #byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#length + count));
    grown.set(this.#bytes);
    this.#bytes = grown;
  }
}

/** Reads what BitWriter wrote. Throws RangeError past the end. */
export class BitReader {
  readonly #bytes: Uint8Array;
  #at: number;
  readonly #end: number;
  #pending = 0;
  #pendingBits = 0;

  constructor(bytes: Uint8Array, start = 0, end: number = bytes.length) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  /** The next whole byte. */
  get at(): number {
    return this.#at;
  }

  bits(count: number): number {
    if (count <= 24) return this.#pull(count);
    const high = this.bits(count - 24);
    return high * 0x100_0000 + this.#pull(24);
  }

  bit(): number {
    return this.#pull(1);
  }

  varint(): number {
    let value = 0;
    for (let scale = 1; scale <= 2 ** 49; scale *= 128) {
      const byte = this.#byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    throw new RangeError("a number has more than eight bytes");
  }

  float64(): number {
    for (let i = 0; i < 8; i++) scratch.setUint8(i, this.#byte());
    return scratch.getFloat64(0);
  }

  #pull(count: number): number {
    while (this.#pendingBits < count) {
      this.#pending = ((this.#pending << 8) | this.#byte()) >>> 0;
      this.#pendingBits += 8;
    }
    this.#pendingBits -= count;
    const value = this.#pending >>> this.#pendingBits;
    this.#pending &= (1 << this.#pendingBits) - 1;
    return value;
  }

  #byte(): number {
    if (this.#at >= this.#end) throw new RangeError("it ends too early");
    return this.#bytes[this.#at++] ?? 0;
  }
}

/** Small numbers of either sign as small ones without: 0, -1, 1, -2 … become 0, 1, 2, 3 … */
export function zigzag(value: number): number {
  return value >= 0 ? value * 2 : -value * 2 - 1;
}

export function unzigzag(value: number): number {
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}

/** The two halves of a double's 64 bits, high and low, unsigned. */
export function wordsOf(value: number): readonly [high: number, low: number] {
  scratch.setFloat64(0, value);
  return [scratch.getUint32(0), scratch.getUint32(4)];
}

export function doubleOf(high: number, low: number): number {
  scratch.setUint32(0, high % TWO_32);
  scratch.setUint32(4, low % TWO_32);
  return scratch.getFloat64(0);
}

const scratch = new DataView(new ArrayBuffer(8));
