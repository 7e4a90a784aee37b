import type { Series } from "../../core/metrics/series.ts";

/** What a source may touch. */
export interface SourceContext {
  /** Timestamp for every sample of this tick, milliseconds since 1970. */
  readonly nowMs: number;
  /**
   * The text of a kernel file, e.g. `read("/proc/meminfo")`. Rejects when it is absent or does not
   * answer within the deadline: the file may be FUSE and may hang.
   */
  read(path: string): Promise<string>;
  /** An ordinary file as it is now, under the same deadline. */
  load(path: string): Promise<LoadedFile>;
  /** The names in a directory. */
  list(path: string): Promise<readonly string[]>;
  /** Space of the file system mounted at `path`; those that wait for others do not get in the way of the rest. */
  statfs(path: string, waitsFor: WaitsFor): Promise<FileSystemSpace>;
}

/**
 * Whom the kernel may have to ask before it answers: nobody, since the answer is in memory; the disk below; a
 * server or a process in user space.
 */
export type WaitsFor = "nobody" | "disk" | "others";

export interface LoadedFile {
  readonly text: string;
  /** Last written, milliseconds since 1970. */
  readonly mtimeMs: number;
}

/** statfs(2): counts of blocks of `bsize` bytes, and of inodes. */
export interface FileSystemSpace {
  readonly bsize: number;
  readonly blocks: number;
  readonly bfree: number;
  /** What an unprivileged user may still take. */
  readonly bavail: number;
  readonly files: number;
  readonly ffree: number;
}

/** One metric family's origin. A source that rejects costs its own family for this tick, nothing else. */
export interface Source {
  readonly name: string;
  /** Asked at the first tick after this has passed; undefined for each tick. */
  readonly intervalMs?: number | undefined;
  /** Says itself how it went, in its own metrics. */
  readonly isTarget?: true;
  sample(context: SourceContext): Promise<readonly Series[]>;
}

/** What a source said at one time. */
export interface Answer {
  readonly source: string;
  readonly atMs: number;
  readonly series: readonly Series[];
}
