import { FOPEN_DIRECT_IO, FUSE_NOTIFY_RESEND, FUSE_READ_MAX_BYTES, SIZE } from "./abi.ts";
import type { Attributes, DirectoryEntry, Reply } from "./operation.ts";

/** struct fuse_init_out, as far as we use it. */
export interface InitOut {
  readonly major: number;
  readonly minor: number;
  readonly maxReadaheadBytes: number;
  readonly flags: number;
  readonly flags2: number;
  readonly maxBackground: number;
  readonly congestionThreshold: number;
  readonly maxWriteBytes: number;
  readonly timeGranularityNs: number;
}

/** The longest reply there is: the header and the data of the largest READ. */
export const REPLY_MAX_BYTES: number = SIZE.outHeader + FUSE_READ_MAX_BYTES;

/**
 * Writes the answer to the request `unique` into `into` and returns the part of it that is the message;
 * undefined when the request takes no answer. `into` holds REPLY_MAX_BYTES; throws RangeError for data beyond that.
 */
export function encodeReply(into: Buffer, unique: Uint8Array, reply: Reply): Buffer | undefined {
  switch (reply.kind) {
    case "none":
      return undefined;
    case "error":
      return finish(into, unique, 0, reply.errno);
    case "done":
      return finish(into, unique, 0);
    case "entry":
      return finish(into, unique, writeEntry(into, reply));
    case "attributes":
      return finish(into, unique, writeAttributesOut(into, reply.attributes, reply.validMs));
    case "opened":
      return finish(into, unique, writeOpened(into, reply.handle, reply.directIo));
    case "data":
      into.set(reply.data, SIZE.outHeader);
      return finish(into, unique, reply.data.length);
    case "entries":
      return finish(into, unique, writeEntries(into, reply.entries, reply.offset, reply.size));
    case "statfs":
      return finish(into, unique, writeStatfs(into));
  }
}

/** The answer to INIT. */
export function encodeInit(into: Buffer, unique: Uint8Array, init: InitOut): Buffer {
  const at = SIZE.outHeader;
  into.fill(0, at, at + SIZE.initOut);
  into.writeUInt32LE(init.major, at);
  into.writeUInt32LE(init.minor, at + 4);
  into.writeUInt32LE(init.maxReadaheadBytes, at + 8);
  into.writeUInt32LE(init.flags, at + 12);
  into.writeUInt16LE(init.maxBackground, at + 16);
  into.writeUInt16LE(init.congestionThreshold, at + 18);
  into.writeUInt32LE(init.maxWriteBytes, at + 20);
  into.writeUInt32LE(init.timeGranularityNs, at + 24);
  into.writeUInt32LE(init.flags2, at + 32); // 28: max_pages and map_alignment, not negotiated
  return finish(into, unique, SIZE.initOut);
}

/** Asks the kernel to hand out again what it has no answer for. A notification: no request's unique, and its code in place of an error. */
export function encodeResend(into: Buffer): Buffer {
  into.writeUInt32LE(SIZE.outHeader, 0);
  into.writeInt32LE(FUSE_NOTIFY_RESEND, 4);
  into.fill(0, 8, SIZE.outHeader);
  return into.subarray(0, SIZE.outHeader);
}

/** Puts struct fuse_out_header before `bodyBytes` of body. */
function finish(into: Buffer, unique: Uint8Array, bodyBytes: number, errno = 0): Buffer {
  const length = SIZE.outHeader + bodyBytes;
  into.writeUInt32LE(length, 0);
  into.writeInt32LE(-errno, 4);
  into.set(unique, 8);
  return into.subarray(0, length);
}

type Entry = Extract<Reply, { kind: "entry" }>;

function writeEntry(into: Buffer, { attributes, validMs, attributesValidMs }: Entry): number {
  const at = SIZE.outHeader;
  writeU64(into, attributes.node, at);
  writeU64(into, 0, at + 8); // generation: a node id is never given to another file
  writeTime(into, validMs, at + 16, at + 32); // the name
  writeTime(into, attributesValidMs, at + 24, at + 36); // the attributes
  writeAttributes(into, attributes, at + 40);
  return SIZE.entryOut;
}

function writeAttributesOut(into: Buffer, attributes: Attributes, validMs: number): number {
  const at = SIZE.outHeader;
  writeTime(into, validMs, at, at + 8);
  into.writeUInt32LE(0, at + 12);
  writeAttributes(into, attributes, at + 16);
  return SIZE.attrOut;
}

/** struct fuse_attr; all files belong to root. */
function writeAttributes(into: Buffer, attributes: Attributes, at: number): void {
  into.fill(0, at, at + SIZE.attr);
  writeU64(into, attributes.node, at);
  writeU64(into, attributes.sizeBytes, at + 8);
  writeU64(into, Math.ceil(attributes.sizeBytes / 512), at + 16);
  writeTime(into, attributes.timeMs, at + 24, at + 48); // atime
  writeTime(into, attributes.timeMs, at + 32, at + 52); // mtime
  writeTime(into, attributes.timeMs, at + 40, at + 56); // ctime
  into.writeUInt32LE(attributes.mode, at + 60);
  into.writeUInt32LE(attributes.links, at + 64);
  into.writeUInt32LE(BLOCK_BYTES, at + 80); // st_blksize: what stdio reads at once
}

function writeOpened(into: Buffer, handle: number, directIo: boolean): number {
  const at = SIZE.outHeader;
  writeU64(into, handle, at);
  into.writeUInt32LE(directIo ? FOPEN_DIRECT_IO : 0, at + 8);
  into.writeUInt32LE(0, at + 12);
  return SIZE.openOut;
}

/** struct fuse_dirent for as many entries as fit into `size`; the kernel asks again from the last one's `off`. */
function writeEntries(
  into: Buffer,
  entries: readonly DirectoryEntry[],
  offset: number,
  size: number,
): number {
  const start = SIZE.outHeader;
  const end = Math.min(start + size, into.length);
  let at: number = start;
  for (const [index, entry] of entries.entries()) {
    const nameBytes = Buffer.byteLength(entry.name);
    const next = at + align8(SIZE.direntHeader + nameBytes);
    if (next > end) break;
    writeU64(into, entry.node, at);
    writeU64(into, offset + index + 1, at + 8);
    into.writeUInt32LE(nameBytes, at + 16);
    into.writeUInt32LE(entry.type >>> 12, at + 20); // S_IFREG and DT_REG are the same number, 12 bits apart
    into.write(entry.name, at + SIZE.direntHeader);
    into.fill(0, at + SIZE.direntHeader + nameBytes, next);
    at = next;
  }
  return at - start;
}

/** What the kernel's own procfs says: no blocks, so that `df` leaves it out and no ratio is computed of it. */
function writeStatfs(into: Buffer): number {
  const at = SIZE.outHeader;
  into.fill(0, at, at + SIZE.statfsOut);
  into.writeUInt32LE(BLOCK_BYTES, at + 40); // bsize
  into.writeUInt32LE(NAME_MAX_BYTES, at + 44);
  into.writeUInt32LE(BLOCK_BYTES, at + 48); // frsize
  return SIZE.statfsOut;
}

const BLOCK_BYTES = 4096;
const NAME_MAX_BYTES = 255;

function align8(bytes: number): number {
  return (bytes + 7) & ~7;
}

/** Milliseconds as the wire has them: whole seconds at one place, nanoseconds at another. */
function writeTime(into: Buffer, ms: number, secondsAt: number, nanosecondsAt: number): void {
  const seconds = Math.floor(ms / 1000);
  writeU64(into, seconds, secondsAt);
  into.writeUInt32LE(Math.floor((ms - seconds * 1000) * 1e6), nanosecondsAt);
}

/** Whole numbers from 0 to 2^53. */
function writeU64(into: Buffer, value: number, at: number): void {
  into.writeUInt32LE(value % 2 ** 32, at);
  into.writeUInt32LE(Math.floor(value / 2 ** 32), at + 4);
}
