import { gunzipSync, inflateSync } from "node:zlib";
import { DecodeError } from "../../core/metrics/decode-error.ts";
import { decodeSnappy } from "../../core/metrics/snappy.ts";
import { errnoOf, errorLine } from "../../core/runtime/errors.ts";

/** Throws DecodeError `LIMIT` when more than `maxBytes` would come out, without making them. */
export type Decompress = (body: Uint8Array, maxBytes: number) => Uint8Array;

/** By the name in Content-Encoding; "" is none. */
export type Encodings = Readonly<Record<string, Decompress>>;

/** Snappy's block format. Node 20 has no zstd, and no protocol here demands it. */
export const SNAPPY: Encodings = { snappy: decodeSnappy };

const asItIs: Decompress = (body, maxBytes) => {
  if (body.length <= maxBytes) return body;
  throw new DecodeError("LIMIT", `${body.length} bytes, at most ${maxBytes} are taken`);
};

export const PLAIN_OR_GZIP: Encodings = {
  "": asItIs,
  identity: asItIs,
  gzip: (body, maxBytes) => inflated("gzip", () => gunzipSync(body, { maxOutputLength: maxBytes }), maxBytes),
  deflate: (body, maxBytes) =>
    inflated("deflate", () => inflateSync(body, { maxOutputLength: maxBytes }), maxBytes),
};

function inflated(name: string, inflate: () => Uint8Array, maxBytes: number): Uint8Array {
  try {
    return inflate();
  } catch (error) {
    if (errnoOf(error) === "ERR_BUFFER_TOO_LARGE")
      throw new DecodeError("LIMIT", `${name}: more than ${maxBytes} bytes uncompressed are not taken`);
    throw new DecodeError("MALFORMED", `${name}: ${errorLine(error)}`);
  }
}
