import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { errorLine, PlimsollError } from "../../core/runtime/errors.ts";
import { unzstd, ZSTD_MAGIC } from "./unzstd.ts";

const GZIP = [0x1f, 0x8b];

/** A layer's tar archive, by its first bytes: media types are not always true. */
export async function* unpack(what: string, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const rest = chunks[Symbol.asyncIterator]();
  let head = new Uint8Array();
  while (head.length < ZSTD_MAGIC.length) {
    const next = await rest.next();
    if (next.done) break;
    head = Buffer.concat([head, next.value]);
  }
  const begins = (magic: readonly number[]): boolean => magic.every((byte, at) => head[at] === byte);
  const whole = chain(head, rest);
  if (begins(GZIP)) yield* gunzip(what, whole);
  else yield* begins(ZSTD_MAGIC) ? unzstd(what, whole) : whole;
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
