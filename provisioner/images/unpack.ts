import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { errorLine, PlimsollError } from "../../core/runtime/errors.ts";
import { BLOCK, beginsArchive } from "./tar.ts";
import { unzstd, ZSTD_MAGIC } from "./unzstd.ts";

const GZIP = [0x1f, 0x8b];
/** What comes before frames of zstd, and after any four bits. */
const SKIPPABLE = [0x2a, 0x4d, 0x18];
/** What engines unpack as well. An archive could be made that begins like these. */
const OTHERS: readonly (readonly [string, readonly number[]])[] = [
  ["xz", [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]],
  ["bzip2", [0x42, 0x5a, 0x68]],
];
const HEAD_BYTES = 6;

/** What it is packed by, by its first bytes: media types are not always true. */
function packingOf(head: Uint8Array): string | undefined {
  const begins = (magic: readonly number[], from = 0): boolean =>
    magic.every((byte, at) => head[from + at] === byte);
  if (begins(GZIP)) return "gzip";
  if (begins(ZSTD_MAGIC) || (((head[0] ?? 0) & 0xf0) === 0x50 && begins(SKIPPABLE, 1))) return "zstd";
  return OTHERS.find(([, magic]) => begins(magic))?.[0];
}

/** Whether an engine that does not look at types would take it for a layer; any other thing fails there at its first block. */
export async function isLayer(chunks: AsyncIterable<Uint8Array>): Promise<boolean> {
  let head: Uint8Array = new Uint8Array();
  for await (const chunk of chunks) {
    head = Buffer.concat([head, chunk]);
    if (head.length >= BLOCK) break;
  }
  return packingOf(head) !== undefined || beginsArchive(head);
}

/** A layer's tar archive. */
export async function* unpack(what: string, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const rest = chunks[Symbol.asyncIterator]();
  let head = new Uint8Array();
  while (head.length < HEAD_BYTES) {
    const next = await rest.next();
    if (next.done) break;
    head = Buffer.concat([head, next.value]);
  }
  const packing = packingOf(head);
  const whole = chain(head, rest);
  if (packing === undefined) yield* whole;
  else if (packing === "gzip") yield* gunzip(what, whole);
  else if (packing === "zstd") yield* unzstd(what, whole);
  else throw new PlimsollError("IMAGE", `${what}: packed by ${packing}, which is not read here`);
}

async function* chain(first: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield first;
  for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
}

async function* gunzip(what: string, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const unzipped = createGunzip();
  pipeline(Readable.from(chunks), unzipped).catch(() => {}); // whoever reads sees it
  try {
    for await (const chunk of unzipped) yield chunk;
  } catch (cause) {
    if (cause instanceof PlimsollError) throw cause;
    throw new PlimsollError("IMAGE", `${what}: not valid gzip: ${errorLine(cause)}`, { cause });
  }
}
