// Samples of one machine over some time, one after the other:
//   format, number of time tracks, number of columns
//   each track     count, first time (ms), second as a difference, others as differences of differences
//   each column    id as a difference, track, length of its values in bytes
//   the values     of each column, see values.ts
//   CRC-32 of all before, big endian
// Numbers are varints. The series of one push share their times: a track is written once for all of them.
import { crc32 } from "node:zlib";
import { BitReader, BitWriter, unzigzag, zigzag } from "./bits.ts";
import { readValues, writeValues } from "./values.ts";

const FORMAT = 1;
const CRC_BYTES = 4;

/** Samples of one series in ascending order of time. */
export interface Column {
  readonly id: number;
  /** Milliseconds since 1970. */
  readonly times: readonly number[];
  readonly values: readonly number[];
}

/** Bytes that are not a block, or not any more. */
export class BlockError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "BlockError";
  }
}

/** Columns by ascending id, none of them empty. */
export function encodeBlock(columns: readonly Column[]): Uint8Array {
  const tracks = new Map<string, number>();
  const trackTimes: (readonly number[])[] = [];
  let lastTimes: readonly number[] | undefined;
  let lastTrack = 0;
  const trackOf = (times: readonly number[]): number => {
    // The columns of one push have the same times, one after the other.
    if (lastTimes !== undefined && isSame(times, lastTimes)) return lastTrack;
    const key = times.join();
    lastTimes = times;
    lastTrack = tracks.get(key) ?? trackTimes.push(times) - 1;
    tracks.set(key, lastTrack);
    return lastTrack;
  };
  const body = new BitWriter();
  let end = 0;
  const entries = columns.map(({ id, times, values }) => {
    const start = end;
    writeValues(body, values);
    end = body.align();
    return { id, track: trackOf(times), size: end - start };
  });
  const writer = new BitWriter();
  writer.varint(FORMAT);
  writer.varint(trackTimes.length);
  writer.varint(entries.length);
  for (const times of trackTimes) writeTrack(writer, times);
  let previousId = 0;
  for (const { id, track, size } of entries) {
    writer.varint(id - previousId);
    writer.varint(track);
    writer.varint(size);
    previousId = id;
  }
  writer.raw(body.finish());
  writer.bits(crc32(writer.finish()), CRC_BYTES * 8);
  return writer.finish();
}

/** A block's columns, decoded when they are asked for. */
export class Block {
  readonly ids: readonly number[];
  readonly #bytes: Uint8Array;
  readonly #tracks: readonly (readonly number[])[];
  readonly #entries = new Map<
    number,
    { readonly track: number; readonly start: number; readonly end: number }
  >();

  /** Throws BlockError when the bytes are not what was written. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    const end = bytes.length - CRC_BYTES;
    if (end < 0) throw new BlockError("too short");
    const written = new DataView(bytes.buffer, bytes.byteOffset + end, CRC_BYTES).getUint32(0);
    if (crc32(bytes.subarray(0, end)) !== written) throw new BlockError("checksum does not match");
    this.#tracks = within(() => this.#readHeader(new BitReader(bytes, 0, end), end));
    this.ids = [...this.#entries.keys()];
  }

  column(id: number): Column | undefined {
    const entry = this.#entries.get(id);
    const times = this.#tracks[entry?.track ?? -1];
    if (entry === undefined || times === undefined) return undefined;
    const values = within(() => readValues(this.#bytes, entry.start, entry.end, times.length));
    return { id, times, values };
  }

  #readHeader(reader: BitReader, end: number): number[][] {
    const format = reader.varint();
    if (format !== FORMAT) throw new BlockError(`format ${format}, known is ${FORMAT}`);
    const [trackCount, columnCount] = [reader.varint(), reader.varint()];
    const tracks: number[][] = [];
    for (let i = 0; i < trackCount; i++) tracks.push(readTrack(reader, end));
    const directory: { readonly id: number; readonly track: number; readonly size: number }[] = [];
    for (let i = 0, id = 0; i < columnCount; i++) {
      id += reader.varint();
      directory.push({ id, track: reader.varint(), size: reader.varint() });
    }
    let start = reader.at;
    for (const { id, track, size } of directory) {
      this.#entries.set(id, { track, start, end: start + size });
      start += size;
    }
    if (start !== end) throw new BlockError("its columns do not fill it");
    return tracks;
  }
}

function isSame(one: readonly number[], other: readonly number[]): boolean {
  return one.length === other.length && one.every((time, i) => time === other[i]);
}

function writeTrack(writer: BitWriter, times: readonly number[]): void {
  writer.varint(times.length);
  let previous = 0;
  let step = 0;
  for (const [index, time] of times.entries()) {
    const change = time - previous;
    writer.varint(zigzag(change - step));
    // The first is the time itself: nothing follows from it.
    step = index === 0 ? 0 : change;
    previous = time;
  }
}

function readTrack(reader: BitReader, end: number): number[] {
  const count = reader.varint();
  // A time takes a byte at least: no count makes us reserve what the block cannot hold.
  if (count > end) throw new BlockError("more times than bytes");
  const times: number[] = [];
  let time = 0;
  let step = 0;
  for (let i = 0; i < count; i++) {
    const change = step + unzigzag(reader.varint());
    time += change;
    step = i === 0 ? 0 : change;
    times.push(time);
  }
  return times;
}

function within<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof RangeError) throw new BlockError(cause.message);
    throw cause;
  }
}
