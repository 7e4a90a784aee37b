import type { OpenSink, Part } from "./sinks/types.ts";

/** Chunks that are lines of text, one for each sample. */
export const joinLines: OpenSink["join"] = (chunks) => Buffer.concat(chunks);

export function renderLines(chunk: Uint8Array): string {
  return Buffer.from(chunk).toString("utf8");
}

export function divideLines(chunk: Uint8Array): readonly [Part, Part] | undefined {
  const lines = Buffer.from(chunk)
    .toString("utf8")
    .split(/(?<=\n)/);
  if (lines.length < 2) return undefined;
  const half = lines.length >> 1;
  const part = (some: readonly string[]): Part => ({
    body: Buffer.from(some.join("")),
    samples: some.length,
  });
  return [part(lines.slice(0, half)), part(lines.slice(half))];
}
