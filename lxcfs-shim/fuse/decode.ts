import { FUSE, FUSE_READ_LOCKOWNER, SIZE } from "./abi.ts";
import type { Caller, NodeId, Operation } from "./operation.ts";

/**
 * A request as the kernel writes it (linux/fuse.h, struct fuse_in_header), here LOOKUP of "meminfo" by pid 4711:
 *
 *   30 00 00 00  01 00 00 00  06 00 00 00 00 00 00 00   len 48, opcode 1, unique 6
 *   02 00 00 00 00 00 00 00                             nodeid 2, the directory
 *   00 00 00 00  00 00 00 00  67 12 00 00  00 00 00 00  uid 0, gid 0, pid 4711, no extensions
 *   6d 65 6d 69 6e 66 6f 00                             "meminfo", NUL
 */
export interface Request {
  readonly opcode: number;
  /** The eight raw bytes a reply has to repeat: a view of the message, gone when its buffer is used again. */
  readonly unique: Uint8Array;
  readonly caller: Caller;
  readonly body: RequestBody;
}

export type RequestBody =
  | { readonly kind: "operation"; readonly operation: Operation }
  | { readonly kind: "init"; readonly init: InitIn }
  | { readonly kind: "destroy" }
  /** A known or unknown opcode that is no Operation of ours: refusals.ts says with which errno it is answered. */
  | { readonly kind: "unsupported" }
  | { readonly kind: "malformed"; readonly reason: string };

/** struct fuse_init_in. */
export interface InitIn {
  readonly major: number;
  readonly minor: number;
  readonly maxReadaheadBytes: number;
  readonly flags: number;
  /** 0 from a kernel without FUSE_INIT_EXT. */
  readonly flags2: number;
}

/** Bytes → request. Returns undefined when there is not even a header to answer; never throws. */
export function decodeRequest(message: Buffer): Request | undefined {
  if (message.length < SIZE.inHeader) return undefined;
  const opcode = message.readUInt32LE(4);
  const caller = {
    uid: message.readUInt32LE(24),
    gid: message.readUInt32LE(28),
    pid: message.readUInt32LE(32),
  };
  return { opcode, unique: message.subarray(8, 16), caller, body: decodeBody(opcode, message) };
}

function decodeBody(opcode: number, message: Buffer): RequestBody {
  const declared = message.readUInt32LE(0);
  if (declared !== message.length) return malformed(`length says ${declared}, got ${message.length} bytes`);
  const end = message.length - 8 * message.readUInt16LE(36); // total_extlen counts units of 8 bytes
  if (end < SIZE.inHeader) return malformed("extensions longer than the message");
  const layout = LAYOUTS[opcode];
  if (layout === undefined) return UNSUPPORTED;
  const bodyBytes = end - SIZE.inHeader;
  if (bodyBytes < layout.leastBytes) {
    return malformed(`${bodyBytes} bytes where at least ${layout.leastBytes} belong`);
  }
  return layout.decode(message, readU64(message, 16), end);
}

/** Where the body begins in a message. Bodies are not cut out: that would take longer than all the rest. */
const BODY: number = SIZE.inHeader;

interface Layout {
  /** Of the body, which is what is from BODY to `end`. */
  readonly leastBytes: number;
  decode(message: Buffer, node: NodeId, end: number): RequestBody;
}

/** Where the common head of struct fuse_read_in, which READDIR uses too, is in a message. */
const READ_IN = { handle: BODY, offset: BODY + 8, size: BODY + 16, flags: BODY + 20 } as const;

/** What follows the header, by opcode. Newer kernels may append fields: only too little is an error. */
const LAYOUTS: Readonly<Record<number, Layout>> = {
  [FUSE.LOOKUP]: {
    leastBytes: 2,
    decode: (message, parent, end) => {
      const name = readName(message, end);
      return name === undefined ? malformed("not one name") : operation({ kind: "lookup", parent, name });
    },
  },
  [FUSE.FORGET]: {
    leastBytes: 8,
    decode: (message, node) =>
      operation({ kind: "forget", nodes: [{ node, count: readU64(message, BODY) }] }),
  },
  [FUSE.BATCH_FORGET]: { leastBytes: 8, decode: decodeBatchForget },
  [FUSE.GETATTR]: { leastBytes: 0, decode: (_, node) => operation({ kind: "getattr", node }) },
  [FUSE.READLINK]: { leastBytes: 0, decode: (_, node) => operation({ kind: "readlink", node }) },
  [FUSE.OPEN]: {
    leastBytes: 8,
    decode: (message, node) => operation({ kind: "open", node, flags: message.readUInt32LE(BODY) }),
  },
  [FUSE.READ]: {
    leastBytes: 24,
    decode: (message, node) =>
      operation({
        kind: "read",
        node,
        handle: readU64(message, READ_IN.handle),
        offset: readU64(message, READ_IN.offset),
        size: message.readUInt32LE(READ_IN.size),
        isDirect: isDirectRead(message),
      }),
  },
  [FUSE.RELEASE]: {
    leastBytes: 8,
    decode: (message, node) => operation({ kind: "release", node, handle: readU64(message, BODY) }),
  },
  [FUSE.OPENDIR]: { leastBytes: 0, decode: (_, node) => operation({ kind: "opendir", node }) },
  [FUSE.READDIR]: {
    leastBytes: 24,
    decode: (message, node) =>
      operation({
        kind: "readdir",
        node,
        handle: readU64(message, READ_IN.handle),
        offset: readU64(message, READ_IN.offset),
        size: message.readUInt32LE(READ_IN.size),
      }),
  },
  [FUSE.RELEASEDIR]: {
    leastBytes: 8,
    decode: (message, node) => operation({ kind: "releasedir", node, handle: readU64(message, BODY) }),
  },
  [FUSE.STATFS]: { leastBytes: 0, decode: (_, node) => operation({ kind: "statfs", node }) },
  [FUSE.INIT]: { leastBytes: 16, decode: decodeInit },
  [FUSE.DESTROY]: { leastBytes: 0, decode: () => ({ kind: "destroy" }) },
};

const UNSUPPORTED: RequestBody = { kind: "unsupported" };

function operation(value: Operation): RequestBody {
  return { kind: "operation", operation: value };
}

function malformed(reason: string): RequestBody {
  return { kind: "malformed", reason };
}

function decodeBatchForget(message: Buffer, _: NodeId, end: number): RequestBody {
  const count = message.readUInt32LE(BODY);
  if (end - BODY < 8 + 16 * count) return malformed(`${count} forgets in ${end - BODY} bytes`);
  const nodes = Array.from({ length: count }, (_, index) => ({
    node: readU64(message, BODY + 8 + 16 * index),
    count: readU64(message, BODY + 16 + 16 * index),
  }));
  return operation({ kind: "forget", nodes });
}

function decodeInit(message: Buffer, _: NodeId, end: number): RequestBody {
  const init = {
    major: message.readUInt32LE(BODY),
    minor: message.readUInt32LE(BODY + 4),
    maxReadaheadBytes: message.readUInt32LE(BODY + 8),
    flags: message.readUInt32LE(BODY + 12),
    flags2: end - BODY >= 20 ? message.readUInt32LE(BODY + 16) : 0,
  };
  return { kind: "init", init };
}

/** read_flags: a read(2) names its lock owner, a read into the page cache has none (fuse_send_read, fs/fuse/file.c). */
function isDirectRead(message: Buffer): boolean {
  return (message.readUInt32LE(READ_IN.flags) & FUSE_READ_LOCKOWNER) !== 0;
}

/** One NUL-terminated name that fills the body. */
function readName(message: Buffer, end: number): string | undefined {
  const nul = message.indexOf(0, BODY);
  return nul > BODY && nul === end - 1 ? message.toString("utf8", BODY, nul) : undefined;
}

/** Above 2^53 the low bits are lost: no node or handle of ours is there, and no offset that is not past the end. */
function readU64(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at) + bytes.readUInt32LE(at + 4) * 2 ** 32;
}
