import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { errorLine, PlimsollError } from "../../core/runtime/errors.ts";

const GZIP = [0x1f, 0x8b];
const ZSTD = [0x28, 0xb5, 0x2f, 0xfd];

/** A layer's tar archive, by its first bytes: media types are not always true. */
export async function* unpack(what: string, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const rest = chunks[Symbol.asyncIterator]();
  const first = await rest.next();
  if (first.done) return;
  const begins = (magic: readonly number[]): boolean => magic.every((byte, at) => first.value[at] === byte);
  if (begins(ZSTD)) {
    throw new PlimsollError("IMAGE", `${what}: packed by zstd, which cannot be read`, {
      hint: "push the image with gzip layers",
    });
  }
  const whole = chain(first.value, rest);
  yield* begins(GZIP) ? gunzip(what, whole) : whole;
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
