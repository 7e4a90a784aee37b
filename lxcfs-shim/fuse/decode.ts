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
  const body = message.subarray(SIZE.inHeader, end);
  const layout = LAYOUTS[opcode];
  if (layout === undefined) return UNSUPPORTED;
  if (body.length < layout.leastBytes) {
    return malformed(`${body.length} bytes where at least ${layout.leastBytes} belong`);
  }
  return layout.decode(body, readU64(message, 16));
}

interface Layout {
  readonly leastBytes: number;
  decode(body: Buffer, node: NodeId): RequestBody;
}

/** What follows the header, by opcode. Newer kernels may append fields: only too little is an error. */
const LAYOUTS: Readonly<Record<number, Layout>> = {
  [FUSE.LOOKUP]: {
    leastBytes: 2,
    decode: (body, parent) => {
      const name = readName(body);
      return name === undefined ? malformed("not one name") : operation({ kind: "lookup", parent, name });
    },
  },
  [FUSE.FORGET]: {
    leastBytes: 8,
    decode: (body, node) => operation({ kind: "forget", nodes: [{ node, count: readU64(body, 0) }] }),
  },
  [FUSE.BATCH_FORGET]: { leastBytes: 8, decode: decodeBatchForget },
  [FUSE.GETATTR]: { leastBytes: 0, decode: (_, node) => operation({ kind: "getattr", node }) },
  [FUSE.READLINK]: { leastBytes: 0, decode: (_, node) => operation({ kind: "readlink", node }) },
  [FUSE.OPEN]: {
    leastBytes: 8,
    decode: (body, node) => operation({ kind: "open", node, flags: body.readUInt32LE(0) }),
  },
  [FUSE.READ]: {
    leastBytes: 24,
    decode: (body, node) =>
      operation({ kind: "read", node, ...readRange(body), isDirect: isDirectRead(body) }),
  },
  [FUSE.RELEASE]: {
    leastBytes: 8,
    decode: (body, node) => operation({ kind: "release", node, handle: readU64(body, 0) }),
  },
  [FUSE.OPENDIR]: { leastBytes: 0, decode: (_, node) => operation({ kind: "opendir", node }) },
  [FUSE.READDIR]: {
    leastBytes: 24,
    decode: (body, node) => operation({ kind: "readdir", node, ...readRange(body) }),
  },
  [FUSE.RELEASEDIR]: {
    leastBytes: 8,
    decode: (body, node) => operation({ kind: "releasedir", node, handle: readU64(body, 0) }),
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

function decodeBatchForget(body: Buffer): RequestBody {
  const count = body.readUInt32LE(0);
  if (body.length < 8 + 16 * count) return malformed(`${count} forgets in ${body.length} bytes`);
  const nodes = Array.from({ length: count }, (_, index) => ({
    node: readU64(body, 8 + 16 * index),
    count: readU64(body, 16 + 16 * index),
  }));
  return operation({ kind: "forget", nodes });
}

function decodeInit(body: Buffer): RequestBody {
  const init = {
    major: body.readUInt32LE(0),
    minor: body.readUInt32LE(4),
    maxReadaheadBytes: body.readUInt32LE(8),
    flags: body.readUInt32LE(12),
    flags2: body.length >= 20 ? body.readUInt32LE(16) : 0,
  };
  return { kind: "init", init };
}

/** The common head of struct fuse_read_in, which READDIR uses too. */
function readRange(body: Buffer): { handle: number; offset: number; size: number } {
  return { handle: readU64(body, 0), offset: readU64(body, 8), size: body.readUInt32LE(16) };
}

/** read_flags: a read(2) names its lock owner, a read into the page cache has none (fuse_send_read, fs/fuse/file.c). */
function isDirectRead(body: Buffer): boolean {
  return (body.readUInt32LE(20) & FUSE_READ_LOCKOWNER) !== 0;
}

/** One NUL-terminated name that fills the body. */
function readName(body: Buffer): string | undefined {
  const end = body.indexOf(0);
  return end > 0 && end === body.length - 1 ? body.toString("utf8", 0, end) : undefined;
}

/** Above 2^53 the low bits are lost: no node or handle of ours is there, and no offset that is not past the end. */
function readU64(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at) + bytes.readUInt32LE(at + 4) * 2 ** 32;
}
