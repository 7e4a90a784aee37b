import { once } from "node:events";
import { PassThrough } from "node:stream";
import { StringDecoder } from "node:string_decoder";
import type { Frame, OnFrame } from "./frames.ts";

/** Something was written: as text, so bytes that are no UTF-8 are replaced. */
export interface Output {
  readonly event: "output";
  readonly stream: Frame["stream"];
  readonly text: string;
}

/**
 * What a call of the engine writes, as it comes, and at the end what it returned. Whoever reads slowly has
 * the engine wait. A character that comes in two pieces is one.
 */
export async function* outputOf<T>(call: (onFrame: OnFrame) => Promise<T>): AsyncGenerator<Output, T> {
  const pipe = new PassThrough({ objectMode: true });
  const over = call(async (frame) => {
    if (!pipe.destroyed && !pipe.write(frame)) await Promise.race([once(pipe, "drain"), once(pipe, "close")]);
  }).finally(() => pipe.end());
  // Heard of below, once all that came before is read.
  over.catch(() => {});
  const decoders = { stdout: new StringDecoder(), stderr: new StringDecoder() };
  for await (const { stream, bytes } of pipe as AsyncIterable<Frame>) {
    const text = decoders[stream].write(bytes);
    if (text !== "") yield { event: "output", stream, text };
  }
  return over;
}
