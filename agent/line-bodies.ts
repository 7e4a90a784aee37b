import { constants, gunzipSync, gzipSync } from "node:zlib";
import type { Lines } from "../core/metrics/influx.ts";
import type { Encoded } from "./sinks/types.ts";

/** Text compresses to a tenth, at this level in a twentieth of a millisecond. */
const GZIP = { level: constants.Z_BEST_SPEED };

/**
 * Bodies that are lines of text wait compressed. Members of a gzip file, one after the other, are one
 * file (RFC 1952 §2.2): they are joined as they are.
 */
export function packLines({ text, samples }: Lines): Encoded | undefined {
  return samples === 0 ? undefined : { body: gzipSync(text, GZIP), samples };
}

export function unpackLines(body: Uint8Array): Buffer {
  return gunzipSync(body);
}

export function joinPacked(bodies: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(bodies);
}

export function dividePacked(body: Uint8Array): readonly [Encoded, Encoded] | undefined {
  const lines = unpackLines(body)
    .toString("utf8")
    .split(/(?<=\n)/);
  const half = lines.length >> 1;
  const [first, second] = [lines.slice(0, half), lines.slice(half)].map((some) =>
    packLines({ text: some.join(""), samples: some.length }),
  );
  return first === undefined || second === undefined ? undefined : [first, second];
}
