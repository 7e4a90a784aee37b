import { readSync, writeSync } from "node:fs";
import { FUSE_MIN_READ_BUFFER } from "../fuse/abi.ts";
import type { Books } from "./notebook.ts";

/**
 * The request being answered, on record, for kernels before 6.9: they do not hand a request out again when the server
 * that had it dies, and its reader would wait for ever. Beside the notebook, at a place of its own: one request at a
 * time, written over the one before.
 *
 *   length u32 · the request
 */
export interface InFlight {
  /** Writes down a request before it is handled. It is not struck out afterwards: the kernel drops a second answer. */
  record(message: Buffer): void;
  /** The last request that was recorded: answered or not, nobody knows. */
  read(): Buffer | undefined;
}

/** A page of its own: what a write within one page leaves is whole, even under a kill. */
const SLOT_START = 4096;
const LENGTH_BYTES = 4;

export function openInFlight([file]: Books): InFlight {
  const slot = Buffer.allocUnsafeSlow(LENGTH_BYTES + FUSE_MIN_READ_BUFFER);

  function record(message: Buffer): void {
    slot.writeUInt32LE(message.length, 0);
    slot.set(message, LENGTH_BYTES);
    writeSync(file, slot, 0, LENGTH_BYTES + message.length, SLOT_START);
  }

  function read(): Buffer | undefined {
    const count = readSync(file, slot, 0, slot.length, SLOT_START);
    const length = count < LENGTH_BYTES ? 0 : slot.readUInt32LE(0);
    if (length === 0 || LENGTH_BYTES + length > count) return undefined;
    return Buffer.from(slot.subarray(LENGTH_BYTES, LENGTH_BYTES + length));
  }

  return { record, read };
}
