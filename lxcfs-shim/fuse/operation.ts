/**
 * The operations a FUSE file system answers, as plain values: the codec (decode.ts, encode.ts) knows
 * bytes and these types, the file system knows these types only. Names follow linux/fuse.h.
 */

/** The kernel's 64-bit node id. Ours stay below 2^53; 1 is the root. */
export type NodeId = number;

/** The process behind a request. `pid` is 0 when the caller has none in the server's pid namespace. */
export interface Caller {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

export type Operation =
  | { readonly kind: "lookup"; readonly parent: NodeId; readonly name: string }
  | { readonly kind: "forget"; readonly nodes: readonly { readonly node: NodeId; readonly count: number }[] }
  | { readonly kind: "getattr"; readonly node: NodeId }
  | { readonly kind: "readlink"; readonly node: NodeId }
  | { readonly kind: "open"; readonly node: NodeId; readonly flags: number }
  | {
      readonly kind: "read";
      readonly node: NodeId;
      readonly handle: number;
      readonly offset: number;
      readonly size: number;
      /** False where the kernel reads for its page cache (splice, sendfile, mmap), which all callers of a node share. */
      readonly isDirect: boolean;
      /** A server that was killed had this request: the answer may have gone out. */
      readonly again?: boolean;
    }
  | { readonly kind: "release"; readonly node: NodeId; readonly handle: number }
  | { readonly kind: "opendir"; readonly node: NodeId }
  | {
      readonly kind: "readdir";
      readonly node: NodeId;
      readonly handle: number;
      readonly offset: number;
      readonly size: number;
    }
  | { readonly kind: "releasedir"; readonly node: NodeId; readonly handle: number }
  | { readonly kind: "statfs"; readonly node: NodeId };

export interface Attributes {
  readonly node: NodeId;
  /** S_IFREG | S_IFDIR | S_IFLNK and permissions. */
  readonly mode: number;
  readonly sizeBytes: number;
  readonly links: number;
  /** atime = mtime = ctime, milliseconds since 1970. */
  readonly timeMs: number;
}

export interface DirectoryEntry {
  readonly node: NodeId;
  readonly name: string;
  /** S_IFREG, S_IFDIR or S_IFLNK. */
  readonly type: number;
}

export type Reply =
  /** A positive errno of errno.ts. */
  | { readonly kind: "error"; readonly errno: number }
  /** Answer to `lookup`; the kernel may keep the name for `validMs` (0: ask again each time), the attributes for their own time. */
  | {
      readonly kind: "entry";
      readonly attributes: Attributes;
      readonly validMs: number;
      readonly attributesValidMs: number;
    }
  | { readonly kind: "attributes"; readonly attributes: Attributes; readonly validMs: number }
  /** Answer to `open` and `opendir`; `directIo` bypasses the page cache, which all callers of a node share. */
  | { readonly kind: "opened"; readonly handle: number; readonly directIo: boolean }
  | { readonly kind: "data"; readonly data: Uint8Array }
  /** All entries from `offset` on; the codec cuts what does not fit. */
  | {
      readonly kind: "entries";
      readonly entries: readonly DirectoryEntry[];
      readonly offset: number;
      readonly size: number;
    }
  | { readonly kind: "statfs" }
  | { readonly kind: "done" }
  /** `forget` gets no answer at all. */
  | { readonly kind: "none" };

/** What the session asks. Must not throw for anything a caller does: an exception is answered with EIO and logged. */
export interface FileSystem {
  handle(operation: Operation, caller: Caller): Reply;
  /** To whom a caller's requests are accounted; undefined where that is not known, or not yet: `mayLook` says whether to find out. */
  ownerOf?(caller: Caller, mayLook: boolean): string | undefined;
}
