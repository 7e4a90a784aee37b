import { ERRNO } from "../fuse/errno.ts";
import type { NodeId } from "../fuse/operation.ts";
import { type Notebook, openNotebook } from "../succession/notebook.ts";
import { BoundedMap } from "../view/bounded-map.ts";
import { Refusal } from "./refusal.ts";

/** Texts of open files at once, and bytes kept for them. */
const MAX_HANDLES = 65_536;
const MAX_BYTES = 32 * 1024 * 1024;

const REMEMBERED_OWNERS = 4096;

/** Keys of the notebook: a text, its handle, node and owner … */
const NOTE = /^open (\d+) (\d+) (.*)$/s;
/** … and below which handle texts are lost. */
const LOST = "lost below";

const NOTHING = new Uint8Array(0);

/** A file's text, and whose it is: nobody else is given any of it. */
export interface OwnedText {
  readonly owner: string;
  readonly text: Uint8Array;
}

interface Snapshot extends OwnedText {
  readonly node: NodeId;
  /** It is in the notebook. */
  readonly isNoted: boolean;
}

interface ReadRange {
  readonly node: NodeId;
  readonly handle: number;
  readonly offset: number;
  readonly size: number;
  readonly again?: boolean | undefined;
}

/** Who reads, and what that reader is to get. */
export interface TextSource {
  owner(): string;
  render(): OwnedText;
}

/**
 * What each open file has read. A file is rendered when it is read from the beginning, and what follows is cut
 * from the same text: a reader of small pieces sees one moment, one that keeps the file open sees a new one each time it
 * starts over. A text that is not read at one go is in the notebook before its reader hears of it: who is in its midst
 * when this server is killed gets the rest from the next one. Of who has had all of it nothing is left, and that says it;
 * unless the notebook had no room when the server was killed: then it says nothing, and nobody is given the rest of another text.
 *
 * A descriptor may be passed on, to another container even: its reader then gets a text of its own. A file that is only
 * open costs nothing; beyond the bounds whoever has the most loses what it read longest ago, and is rendered anew.
 */
export class Snapshots {
  readonly #byHandle = new Map<number, Snapshot>();
  /** The handles of each owner, the oldest first. */
  readonly #byOwner = new Map<string, { bytes: number; readonly handles: Set<number> }>();
  readonly #ownerBytes = new BoundedMap<string, string>(REMEMBERED_OWNERS);
  readonly #notebook: Notebook;
  #bytes = 0;
  /** A server that takes over must not take an old handle for one of its own: each begins at its own time. */
  readonly #firstHandle: number;
  #nextHandle: number;
  /** What handles below it have read nobody knows. */
  readonly #lostBelow: number;

  constructor(nowMs: number, notebook: Notebook = openNotebook()) {
    this.#firstHandle = (Math.floor(nowMs) % 2 ** 41) * 2 ** 11;
    this.#nextHandle = this.#firstHandle;
    this.#notebook = notebook;
    this.#lostBelow = notebook.isOutdated ? this.#firstHandle : Number(textOf(notebook.get(LOST)));
    if (notebook.isOutdated) this.#forgetAll();
    else this.#recall();
  }

  get size(): number {
    return this.#byHandle.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  open(): number {
    const handle = this.#nextHandle;
    this.#nextHandle += 1;
    return handle;
  }

  /**
   * The slice at `offset`; empty past the end. A handle whose server is gone may be unknown: then its reader has had all of
   * the text, or nothing. What was asked `again` may have been answered: it stays as it is. Throws a Refusal where that is lost.
   */
  read({ node, handle, offset, size, again = false }: ReadRange, source: TextSource): Uint8Array {
    const known = this.#byHandle.get(handle);
    if (known === undefined && offset > 0 && handle < this.#firstHandle) {
      if (handle < this.#lostBelow) throw new Refusal(ERRNO.EIO, "its text was lost with another server");
      return NOTHING;
    }
    const isGoingOn = known?.node === node && (offset > 0 || again);
    if (isGoingOn && offset >= known.text.length) return NOTHING;
    const isSame = isGoingOn && known.owner === source.owner();
    const { text } = isSame ? known : this.#begin({ node, handle, offset, size }, source);
    // If its reader had all of another text at one go, it is not to get the end of this one.
    if (again && known === undefined && size >= text.length) this.release(handle);
    return offset >= text.length ? NOTHING : text.subarray(offset, offset + size);
  }

  release(handle: number): void {
    const known = this.#byHandle.get(handle);
    if (known === undefined) return;
    this.#take(handle, known);
    if (known.isNoted) this.#notebook.delete(this.#keyOf(handle, known));
  }

  #recall(): void {
    for (const key of [...this.#notebook.keys()]) {
      const text = this.#notebook.get(key);
      const [, handle, node, owner] = NOTE.exec(key) ?? [];
      if (owner === undefined || text === undefined) continue;
      this.#put(Number(handle), {
        node: Number(node),
        owner: Buffer.from(owner, "latin1").toString(),
        text,
        isNoted: true,
      });
    }
  }

  /** The texts of the last server: they may be older than what their readers have begun with. */
  #forgetAll(): void {
    for (const key of [...this.#notebook.keys()]) if (NOTE.test(key)) this.#notebook.delete(key);
    this.#notebook.put(LOST, Buffer.from(`${this.#lostBelow}`));
  }

  #begin({ node, handle, offset, size }: ReadRange, source: TextSource): Snapshot {
    const { owner, text } = source.render();
    const known = this.#byHandle.get(handle);
    // Once noted, always: a note is crossed out later than its reader hears of another text.
    const isNoted = offset > 0 || size < text.length || known?.isNoted === true;
    const snapshot = { node, owner, text, isNoted };
    if (known !== undefined && known.owner !== owner) this.release(handle);
    if (snapshot.isNoted) this.#notebook.put(this.#keyOf(handle, snapshot), text);
    this.#put(handle, snapshot);
    return snapshot;
  }

  #put(handle: number, snapshot: Snapshot): void {
    const known = this.#byHandle.get(handle);
    if (known !== undefined) this.#take(handle, known);
    const ofOwner = this.#byOwner.get(snapshot.owner) ?? { bytes: 0, handles: new Set<number>() };
    ofOwner.bytes += snapshot.text.length;
    ofOwner.handles.add(handle);
    this.#byOwner.set(snapshot.owner, ofOwner);
    this.#byHandle.set(handle, snapshot);
    this.#bytes += snapshot.text.length;
    while ((this.#byHandle.size > MAX_HANDLES || this.#bytes > MAX_BYTES) && this.#byHandle.size > 1) {
      this.#dropOne();
    }
  }

  #take(handle: number, { owner, text }: Snapshot): void {
    this.#byHandle.delete(handle);
    this.#bytes -= text.length;
    const ofOwner = this.#byOwner.get(owner);
    if (ofOwner === undefined) return;
    ofOwner.bytes -= text.length;
    ofOwner.handles.delete(handle);
    if (ofOwner.handles.size === 0) this.#byOwner.delete(owner);
  }

  /** A key of the notebook is of bytes, an owner has a cgroup's path in it. */
  #keyOf(handle: number, { node, owner }: Snapshot): string {
    const bytes = this.#ownerBytes.get(owner) ?? Buffer.from(owner).toString("latin1");
    this.#ownerBytes.set(owner, bytes);
    return `open ${handle} ${node} ${bytes}`;
  }

  #dropOne(): void {
    const [first, ...others] = this.#byOwner.values();
    const most = others.reduce((a, b) => (a === undefined || b.bytes > a.bytes ? b : a), first);
    for (const oldest of most?.handles ?? []) {
      this.release(oldest);
      return;
    }
  }
}

function textOf(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? NOTHING).toString();
}
