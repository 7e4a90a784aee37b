import type { NodeId } from "../fuse/operation.ts";
import { type Notebook, openNotebook } from "../succession/notebook.ts";

/** Open files at once, and bytes kept for them: beyond, the one unused for longest is rendered anew when it is read again. */
const MAX_HANDLES = 65_536;
const MAX_BYTES = 32 * 1024 * 1024;

const NOTHING = new Uint8Array(0);

interface Snapshot {
  readonly node: NodeId;
  /** Undefined until the first read. */
  readonly data: Uint8Array | undefined;
}

interface ReadRange {
  readonly node: NodeId;
  readonly handle: number;
  readonly offset: number;
  readonly size: number;
  readonly again?: boolean | undefined;
}

/**
 * What each open file has read. A file is rendered when it is read from the beginning, and what follows is cut
 * from the same text: a reader of small pieces sees one moment, one that keeps the file open sees a new one each time it
 * starts over. The text is in the notebook before its reader hears of it: who is in its midst when this server is
 * killed gets the rest from the next one.
 */
export class Snapshots {
  readonly #byHandle = new Map<number, Snapshot>();
  readonly #notebook: Notebook;
  #bytes = 0;
  /** A server that takes over must not take an old handle for one of its own: each begins at its own time. */
  #nextHandle: number;

  constructor(nowMs: number, notebook: Notebook = openNotebook()) {
    this.#nextHandle = (Math.floor(nowMs) % 2 ** 41) * 2 ** 11;
    this.#notebook = notebook;
    for (const key of [...notebook.keys()]) {
      const [, handle, node] = /^open (\d+) (\d+)$/.exec(key) ?? [];
      if (handle !== undefined) this.#put(Number(handle), { node: Number(node), data: notebook.get(key) });
    }
  }

  get size(): number {
    return this.#byHandle.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  open(node: NodeId): number {
    const handle = this.#nextHandle;
    this.#nextHandle += 1;
    this.#put(handle, { node, data: undefined });
    return handle;
  }

  /**
   * The slice at `offset`; empty past the end. An unknown handle is rendered too: its server is gone, its reader is not.
   * What was asked `again` may have been answered: it stays as it is.
   */
  read({ node, handle, offset, size, again = false }: ReadRange, render: () => Uint8Array): Uint8Array {
    const known = this.#byHandle.get(handle);
    const kept = (offset > 0 || again) && known?.node === node ? known.data : undefined;
    const data = kept ?? render();
    if (data !== known?.data) {
      this.#notebook.put(`open ${handle} ${node}`, data);
      this.#put(handle, { node, data });
    }
    return offset >= data.length ? NOTHING : data.subarray(offset, offset + size);
  }

  release(handle: number): void {
    const known = this.#byHandle.get(handle);
    if (known?.data === undefined) return void this.#byHandle.delete(handle);
    this.#take(handle);
    this.#notebook.delete(`open ${handle} ${known.node}`);
  }

  #take(handle: number): void {
    this.#bytes -= this.#byHandle.get(handle)?.data?.length ?? 0;
    this.#byHandle.delete(handle);
  }

  #put(handle: number, snapshot: Snapshot): void {
    this.#take(handle);
    this.#byHandle.set(handle, snapshot);
    this.#bytes += snapshot.data?.length ?? 0;
    for (const oldest of this.#byHandle.keys()) {
      if (this.#byHandle.size <= MAX_HANDLES && this.#bytes <= MAX_BYTES) break;
      if (oldest === handle) break;
      this.release(oldest);
    }
  }
}
