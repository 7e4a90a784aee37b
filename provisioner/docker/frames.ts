/** A piece of what a container without a terminal wrote. */
export interface Frame {
  readonly stream: "stdout" | "stderr";
  readonly bytes: Buffer;
}

/** Takes a frame; what comes after waits until it has. */
export type OnFrame = (frame: Frame) => void | Promise<void>;

const HEADER_BYTES = 8;

/**
 * Takes the frames out of a stream that comes in pieces of any size (Docker Engine API, "Stream
 * format"): stream type, three zero bytes, length as 32 bits big endian, then the bytes.
 */
export class FrameSplitter {
  #rest: Buffer = Buffer.alloc(0);

  /** The frames that are complete now. */
  push(chunk: Uint8Array): readonly Frame[] {
    const frames: Frame[] = [];
    let rest = Buffer.concat([this.#rest, chunk]);
    while (rest.length >= HEADER_BYTES) {
      const end = HEADER_BYTES + rest.readUInt32BE(4);
      if (rest.length < end) break;
      frames.push({ stream: rest[0] === 2 ? "stderr" : "stdout", bytes: rest.subarray(HEADER_BYTES, end) });
      rest = rest.subarray(end);
    }
    this.#rest = rest;
    return frames;
  }
}
