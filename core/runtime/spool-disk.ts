import { mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { errnoOf } from "./errors.ts";
import type { Logger } from "./log.ts";
import type { SpoolFiles } from "./spool-files.ts";
import { type CorruptPiece, HEADER_BYTES, type SpoolEntry } from "./spool-record.ts";
import { Segment } from "./spool-segment.ts";

export interface SpoolDiskOptions {
  readonly directory: string;
  /** Of the files together. */
  readonly maxBytes: number;
  /** Whether what is written is on the disk before it is said to be. */
  readonly isSynced: boolean;
  readonly files: SpoolFiles;
  readonly log: Logger;
}

/** `full`: the bound was reached; `disk`: the disk does not take it. */
export type DropReason = "full" | "disk" | "expired" | "corrupt";

const SEGMENT_NAME = /^(\d{16})\.spool$/;
/** The bound is kept by giving up a segment, this part of everything, at a time. */
const SEGMENTS = 16;
const SET_ASIDE = "corrupt";
/** Corrupt pieces kept for those who want to look. */
const MAX_SET_ASIDE = 16;

/** The directory of a spool: segments in the order of their ids, the last one written to. */
export class SpoolDisk {
  /** In samples. */
  readonly dropped: Record<DropReason, number> = { full: 0, disk: 0, expired: 0, corrupt: 0 };
  readonly #options: SpoolDiskOptions;
  readonly #segments: Segment[] = [];

  constructor(options: SpoolDiskOptions) {
    this.#options = options;
  }

  /** A file that cannot be read is left alone: it costs what is in it, not the start. */
  async load(): Promise<void> {
    const { directory, files, log } = this.#options;
    for (const name of readdirSync(directory).sort()) {
      const [, firstId] = SEGMENT_NAME.exec(name) ?? [];
      if (firstId === undefined) continue;
      const segment = new Segment(files, join(directory, name), Number(firstId));
      try {
        await segment.load(statSync(segment.path).size);
        this.#segments.push(segment);
      } catch (error) {
        log.warn({ file: segment.path, err: error }, "spool file cannot be read");
      }
    }
    // Acknowledging one record acknowledges all before it, those in earlier files too.
    const touched = this.#segments.findLastIndex((segment) => segment.isTouched);
    for (const segment of this.#segments.slice(0, Math.max(touched, 0))) await this.#remove(segment);
  }

  get length(): number {
    return this.#sum((segment) => segment.waitingRecords);
  }

  get waitingBytes(): number {
    return this.#sum((segment) => segment.waitingBytes);
  }

  /** The highest id there has been. */
  get lastId(): number {
    return this.#segments.at(-1)?.lastId ?? 0;
  }

  /** Throws the disk's error. What is larger than the bound is dropped. */
  async append(entry: SpoolEntry): Promise<void> {
    const { maxBytes } = this.#options;
    const bytes = HEADER_BYTES + entry.body.length;
    if (bytes > maxBytes) {
      this.dropped.full += entry.samples;
      return;
    }
    while (this.#sum((segment) => segment.size) + bytes > maxBytes) await this.dropOldest("full");
    for (;;) {
      try {
        return await (await this.#writable(entry.id, bytes)).append(entry);
      } catch (error) {
        if (!isFullDisk(error) || this.#segments.length < 2) throw error;
        await this.dropOldest("disk");
      }
    }
  }

  async sync(): Promise<void> {
    await this.#segments.at(-1)?.sync();
  }

  /** What waits, from `fromId` on, read in windows of about `windowBytes`. */
  async *entries(fromId: number, windowBytes: number): AsyncGenerator<SpoolEntry> {
    for (const segment of [...this.#segments]) {
      if (segment.lastId < fromId) continue;
      try {
        yield* this.#entriesOf(segment, fromId, windowBytes);
      } catch (error) {
        this.#options.log.warn({ file: segment.path, err: error }, "spool file cannot be read");
        this.dropped.corrupt += segment.waitingSamples;
        await this.#forget(segment);
      }
    }
  }

  async *#entriesOf(segment: Segment, fromId: number, windowBytes: number): AsyncGenerator<SpoolEntry> {
    for (let at = segment.head; at < segment.size; ) {
      const { pieces, end } = await segment.read(at, windowBytes);
      for (const piece of pieces) {
        if (piece.kind === "corrupt") await this.#setAside(segment, piece);
        else if (piece.id >= fromId) yield piece;
      }
      at = end;
    }
  }

  /** Everything up to and including `id`. A failure costs a second delivery after a restart, no more. */
  async acknowledge(id: number): Promise<void> {
    for (const segment of [...this.#segments]) {
      if (segment.firstId > id) return;
      await this.#attempt(segment, () => segment.acknowledge(id));
      if (segment.lastId > id || segment === this.#segments.at(-1)) continue;
      this.dropped.corrupt += segment.waitingSamples; // Whose headers were lost while it was open.
      await this.#remove(segment);
    }
  }

  /** Files with nothing younger than `oldestMs`, the last one excepted. */
  async dropOlderThan(oldestMs: number): Promise<void> {
    while (this.#segments.length > 1 && (this.#segments[0]?.newestMs ?? oldestMs) < oldestMs) {
      await this.dropOldest("expired");
    }
  }

  /** Gives a file up; false when there is none. */
  async dropOldest(reason: DropReason): Promise<boolean> {
    const [oldest] = this.#segments;
    if (oldest === undefined) return false;
    this.dropped[reason] += oldest.waitingSamples;
    await this.#remove(oldest);
    return true;
  }

  async close(): Promise<void> {
    for (const segment of this.#segments) {
      await this.#attempt(segment, () => segment.sync());
      await this.#attempt(segment, () => segment.close());
    }
  }

  /** The last segment, or a new one for a record with this id when that is full. */
  async #writable(id: number, bytes: number): Promise<Segment> {
    const { directory, files, maxBytes, isSynced } = this.#options;
    const last = this.#segments.at(-1);
    const isFull = last !== undefined && last.size > 0 && last.size + bytes > maxBytes / SEGMENTS;
    if (last !== undefined && !isFull && !last.isCorrupt) return last;
    const segment = new Segment(files, join(directory, `${String(id).padStart(16, "0")}.spool`), id);
    await segment.create();
    this.#segments.push(segment);
    if (isSynced) {
      await last?.sync();
      await this.#syncDirectory();
    }
    if (last?.waitingRecords === 0) await this.#remove(last);
    return segment;
  }

  /** A new file is there after a power loss when its directory is on the disk. */
  async #syncDirectory(): Promise<void> {
    const { directory, files } = this.#options;
    const fd = await files.open(directory, "r");
    await files.sync(fd);
    await files.close(fd);
  }

  /** A corrupt piece costs itself. Named by its place, it is kept once, however often it is met. */
  async #setAside(segment: Segment, piece: CorruptPiece): Promise<void> {
    const { directory, log } = this.#options;
    this.dropped.corrupt += piece.samples;
    segment.forget(piece);
    const { start, end } = piece;
    log.warn({ file: segment.path, start, end }, "spool record is corrupt, set aside");
    await this.#attempt(segment, async () => {
      const folder = join(directory, SET_ASIDE);
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      if (readdirSync(folder).length >= MAX_SET_ASIDE) return;
      writeFileSync(join(folder, `${segment.firstId}-${start}`), await segment.bytesOf(piece), {
        mode: 0o600,
      });
    });
  }

  async #remove(segment: Segment): Promise<void> {
    await this.#forget(segment);
    await this.#attempt(segment, () => this.#options.files.unlink(segment.path));
  }

  async #forget(segment: Segment): Promise<void> {
    this.#segments.splice(this.#segments.indexOf(segment), 1);
    await this.#attempt(segment, () => segment.close());
  }

  async #attempt(segment: Segment, operation: () => Promise<void>): Promise<void> {
    try {
      await operation();
    } catch (error) {
      this.#options.log.warn({ file: segment.path, err: error }, "spool file cannot be changed");
    }
  }

  #sum(of: (segment: Segment) => number): number {
    return this.#segments.reduce((sum, segment) => sum + of(segment), 0);
  }
}

export function isFullDisk(error: unknown): boolean {
  return ["ENOSPC", "EDQUOT"].includes(errnoOf(error) ?? "");
}
