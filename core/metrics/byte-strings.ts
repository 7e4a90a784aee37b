import { DecodeError } from "./decode-error.ts";

/**
 * Turns bytes into strings, giving the same string again for the same bytes without making it anew:
 * label names and values repeat in every series. A direct-mapped table, so it never grows; what is
 * long or not ASCII is made every time. `admit` checks a string once, when it enters.
 */
export class ByteStrings {
  readonly #slots: (string | undefined)[];
  readonly #admit: (text: string) => string;

  constructor(admit: (text: string) => string, slotsLog2 = 12) {
    this.#slots = new Array<string | undefined>(1 << slotsLog2).fill(undefined);
    this.#admit = admit;
  }

  /** Throws what `admit` throws, and DecodeError when the bytes are not UTF-8. */
  get(bytes: Buffer, start: number, end: number): string {
    if (end - start > LONGEST_KEPT) return this.#admit(decodeText(bytes, start, end));
    let hash = 0;
    let anyBit = 0;
    for (let at = start; at < end; at++) {
      const byte = bytes[at] ?? 0;
      anyBit |= byte;
      hash = Math.imul(hash ^ byte, 0x01000193);
    }
    if (anyBit > 0x7f) return this.#admit(decodeText(bytes, start, end));
    const slot = (hash ^ (hash >>> 15)) & (this.#slots.length - 1);
    const held = this.#slots[slot];
    if (held !== undefined && isText(held, bytes, start, end)) return held;
    const text = this.#admit(bytes.toString("latin1", start, end));
    this.#slots[slot] = text;
    return text;
  }
}

const LONGEST_KEPT = 64;
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function decodeText(bytes: Buffer, start: number, end: number): string {
  try {
    return utf8.decode(bytes.subarray(start, end));
  } catch {
    throw new DecodeError("MALFORMED", `text is not UTF-8 at byte ${start}`);
  }
}

function isText(text: string, bytes: Buffer, start: number, end: number): boolean {
  if (text.length !== end - start) return false;
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) !== bytes[start + i]) return false;
  }
  return true;
}
