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
  /** Space of the file system mounted at `path`, under the same deadline. */
  statfs(path: string): Promise<FileSystemSpace>;
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
  sample(context: SourceContext): Promise<readonly Series[]>;
}
