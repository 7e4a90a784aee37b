/*
 * Zstandard (RFC 8878): frames one after the other, and skippable ones in between (zstd:chunked has a table in one).
 *
 *   magic 4 · descriptor 1 · window 0-1 · dictionary 0-4 · content size 0-8 · blocks (3 + size) · checksum 0-4
 */
import { setImmediate } from "node:timers/promises";
import { errorLine, PlimsollError } from "../../core/runtime/errors.ts";
import { ByteReader } from "./byte-reader.ts";

export const ZSTD_MAGIC: readonly number[] = [0x28, 0xb5, 0x2f, 0xfd];
const FRAME = Buffer.from(ZSTD_MAGIC).readUInt32LE();
const SKIPPABLE = 0x184d2a5; // and any four bits
/** What zstd itself unpacks unless told otherwise. */
const MAX_WINDOW_BYTES = 128 * 2 ** 20;
const MAX_BLOCK_BYTES = 128 * 2 ** 10;

/** Fed block by block the library unpacks 128 KiB at once at most, whatever was packed. */
export async function* unzstd(what: string, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = new ByteReader(what, chunks);
  for (;;) {
    const magic = await reader.take(4);
    if (magic.length === 0) return;
    const number = magic.readUInt32LE();
    if (number >>> 4 === SKIPPABLE) await reader.skip((await takeAll(what, reader, 4)).readUInt32LE());
    else if (number === FRAME) {
      yield* readFrame(what, reader, magic);
      await setImmediate(); // twelve bytes may have asked for a large window: others have their turn meanwhile
    } else throw damaged(what, "what follows a frame is none");
  }
}

async function* readFrame(what: string, reader: ByteReader, magic: Buffer): AsyncGenerator<Uint8Array> {
  const { header, hasChecksum } = await readHeader(what, reader);
  const { Decompress } = await import("fzstd");
  let unpacked: Uint8Array[] = [];
  const decoder = new Decompress((chunk) => unpacked.push(chunk));
  const push = (bytes: Buffer, isLast: boolean): readonly Uint8Array[] => {
    unpacked = [];
    try {
      decoder.push(bytes, isLast);
    } catch (cause) {
      throw damaged(what, errorLine(cause));
    }
    return unpacked;
  };
  push(Buffer.concat([magic, header]), false);
  for (let isLast = false; !isLast; ) {
    const head = await takeAll(what, reader, 3);
    const bits = head.readUIntLE(0, 3);
    isLast = (bits & 1) === 1;
    const isRepeated = ((bits >> 1) & 3) === 1; // its size is what it unpacks to
    if (bits >> 3 > MAX_BLOCK_BYTES) throw damaged(what, `a block of ${bits >> 3} bytes`);
    yield* push(Buffer.concat([head, await takeAll(what, reader, isRepeated ? 1 : bits >> 3)]), false);
  }
  yield* push(await takeAll(what, reader, hasChecksum ? 4 : 0), true);
}

async function readHeader(
  what: string,
  reader: ByteReader,
): Promise<{ readonly header: Buffer; readonly hasChecksum: boolean }> {
  const descriptor = await takeAll(what, reader, 1);
  const flags = descriptor.readUInt8();
  const isSingle = ((flags >> 5) & 1) === 1;
  const dictionaryBytes = [0, 1, 2, 4][flags & 3] ?? 0;
  const sizeBytes = flags >> 6 === 0 ? Number(isSingle) : 1 << (flags >> 6);
  const rest = await takeAll(what, reader, Number(!isSingle) + dictionaryBytes + sizeBytes);
  if (dictionaryBytes > 0) throw damaged(what, "it needs a dictionary");
  const windowBytes = isSingle ? readContentSize(rest) : readWindow(rest.readUInt8());
  if (windowBytes > MAX_WINDOW_BYTES) throw damaged(what, `a window of ${windowBytes} bytes`);
  return { header: Buffer.concat([descriptor, rest]), hasChecksum: ((flags >> 2) & 1) === 1 };
}

function readWindow(byte: number): number {
  const base = 2 ** (10 + (byte >> 3));
  return base + (base / 8) * (byte & 7);
}

function readContentSize(bytes: Buffer): number {
  if (bytes.length === 8) return Number(bytes.readBigUInt64LE());
  return bytes.readUIntLE(0, bytes.length) + (bytes.length === 2 ? 256 : 0);
}

/** As many as that: the stream does not end here. */
async function takeAll(what: string, reader: ByteReader, length: number): Promise<Buffer> {
  const bytes = await reader.take(length);
  if (bytes.length < length) throw damaged(what, `it ends after ${reader.position} bytes`);
  return bytes;
}

function damaged(what: string, why: string): PlimsollError {
  return new PlimsollError("IMAGE", `${what}: not valid zstd: ${why}`);
}
