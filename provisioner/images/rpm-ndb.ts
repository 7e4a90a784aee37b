/*
 * Packages.db of rpm's own "ndb" (SUSE), little-endian: slots in the first pages, and where they lead a blob each.
 *
 *   "RpmP" · version · generation · pages of slots · next package · 12 empty
 *   "Slot" · package · block · blocks                                            a block has 16 bytes
 *   "BlbS" · package · time · bytes · content
 */
import { PlimsollError } from "../../core/runtime/errors.ts";

const PAGE = 4096;
const BLOCK = 16;
const FIRST_SLOT = 32;
const [MAGIC, SLOT, BLOB] = ["RpmP", "Slot", "BlbS"].map((text) => Buffer.from(text).readUInt32LE());

export function* readNdb(what: string, bytes: Buffer): Generator<Buffer> {
  const damaged = (why: string): PlimsollError =>
    new PlimsollError("IMAGE", `${what}: not an rpm database: ${why}`);
  if (bytes.length < PAGE || bytes.readUInt32LE() !== MAGIC) throw damaged("no beginning");
  const end = bytes.readUInt32LE(12) * PAGE;
  if (end > bytes.length) throw damaged("ends in its slots");
  let passedBytes = 0;
  for (let at = FIRST_SLOT; at < end; at += BLOCK) {
    if (bytes.readUInt32LE(at) !== SLOT) throw damaged(`no slot at ${at}`);
    const [index, block] = [bytes.readUInt32LE(at + 4), bytes.readUInt32LE(at + 8)];
    if (block === 0) continue; // free
    const blob = block * BLOCK;
    const isThere = blob + BLOCK <= bytes.length && bytes.readUInt32LE(blob) === BLOB;
    if (!isThere || bytes.readUInt32LE(blob + 4) !== index) throw damaged(`no package at ${blob}`);
    const content = bytes.subarray(blob + BLOCK, blob + BLOCK + bytes.readUInt32LE(blob + 12));
    passedBytes += content.length;
    if (passedBytes > bytes.length) throw damaged("packages that lie over each other");
    yield content;
  }
}
