// A record in a segment file, little endian:
//    0  "PSR1"
//    4  state: 0 waiting, 1 acknowledged; the one byte that changes after writing, so no CRC covers it
//    8  u32 length of the body     12  u32 samples
//   16  f64 id                     24  f64 time, ms since 1970
//   32  u32 CRC-32C of the body    36  u32 CRC-32C of bytes 8–36
//   40  body
import { crc32c } from "./crc32c.ts";

export const HEADER_BYTES = 40;
export const STATE_OFFSET = 4;
const MAGIC = Buffer.from("PSR1");

/** What stands between production and delivery: some encoded bytes. */
export interface SpoolRecord {
  readonly body: Uint8Array;
  /** How many samples are in it, for the counters. */
  readonly samples: number;
  /** When it was made, milliseconds since 1970: what its age is counted from. */
  readonly timeMs: number;
}

export interface SpoolEntry extends SpoolRecord {
  /** Ascending in the order of appending; never used twice. */
  readonly id: number;
}

/** A stretch of a segment: a record, or bytes that are none. */
export type Piece = RecordPiece | CorruptPiece;

export interface CorruptPiece {
  readonly kind: "corrupt";
  readonly start: number;
  readonly end: number;
  /** 0 where even that cannot be read. */
  readonly samples: number;
}

export interface RecordPiece extends SpoolEntry {
  readonly kind: "record";
  readonly start: number;
  readonly end: number;
  readonly isAcknowledged: boolean;
  readonly bodyCrc: number;
}

export interface Parsed {
  readonly pieces: readonly Piece[];
  /** Bytes at the end that are the beginning of a record; `wanted` is its whole length where that is known. */
  readonly torn: { readonly start: number; readonly wanted: number } | undefined;
}

export function encodeRecord({ id, samples, timeMs, body }: SpoolEntry): Buffer {
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + body.length);
  MAGIC.copy(bytes);
  bytes.writeUInt32LE(0, STATE_OFFSET);
  bytes.writeUInt32LE(body.length, 8);
  bytes.writeUInt32LE(samples, 12);
  bytes.writeDoubleLE(id, 16);
  bytes.writeDoubleLE(timeMs, 24);
  bytes.writeUInt32LE(crc32c(body), 32);
  bytes.writeUInt32LE(crc32c(bytes.subarray(8, 36)), 36);
  bytes.set(body, HEADER_BYTES);
  return bytes;
}

/** What is in `bytes`, from its first to its last; positions are counted from `base`. Bodies are not checked: see `isIntact`. */
export function parseRecords(bytes: Buffer, base = 0): Parsed {
  const pieces: Piece[] = [];
  let at = 0;
  while (at < bytes.length) {
    const record = decodeRecord(bytes, at, base);
    if (record !== undefined && record.end - base > bytes.length) {
      return { pieces, torn: { start: base + at, wanted: record.end - record.start } };
    }
    if (record === undefined && isBeginning(bytes, at)) {
      return { pieces, torn: { start: base + at, wanted: HEADER_BYTES } };
    }
    pieces.push(
      record ?? { kind: "corrupt", start: base + at, end: base + findNext(bytes, at + 1), samples: 0 },
    );
    at = (pieces.at(-1)?.end ?? Number.POSITIVE_INFINITY) - base;
  }
  return { pieces, torn: undefined };
}

export function isIntact({ body, bodyCrc }: RecordPiece): boolean {
  return crc32c(body) === bodyCrc;
}

function decodeRecord(bytes: Buffer, at: number, base: number): RecordPiece | undefined {
  if (bytes.length - at < HEADER_BYTES || bytes.compare(MAGIC, 0, 4, at, at + 4) !== 0) return undefined;
  if (crc32c(bytes.subarray(at + 8, at + 36)) !== bytes.readUInt32LE(at + 36)) return undefined;
  const end = at + HEADER_BYTES + bytes.readUInt32LE(at + 8);
  return {
    kind: "record",
    start: base + at,
    end: base + end,
    isAcknowledged: bytes[at + STATE_OFFSET] === 1,
    samples: bytes.readUInt32LE(at + 12),
    id: bytes.readDoubleLE(at + 16),
    timeMs: bytes.readDoubleLE(at + 24),
    bodyCrc: bytes.readUInt32LE(at + 32),
    body: bytes.subarray(at + HEADER_BYTES, end),
  };
}

/** Where the next record begins: its CRC confirms the header, or the bytes end before. */
function findNext(bytes: Buffer, from: number): number {
  for (let at = bytes.indexOf(MAGIC[0] ?? 0, from); at !== -1; at = bytes.indexOf(MAGIC[0] ?? 0, at + 1)) {
    if (isBeginning(bytes, at) || decodeRecord(bytes, at, 0) !== undefined) return at;
  }
  return bytes.length;
}

/** Whether a writer that was killed, or a window that ends here, can have left these last bytes of a header. */
function isBeginning(bytes: Buffer, at: number): boolean {
  const length = bytes.length - at;
  const known = Math.min(length, MAGIC.length);
  return length < HEADER_BYTES && bytes.compare(MAGIC, 0, known, at, at + known) === 0;
}
