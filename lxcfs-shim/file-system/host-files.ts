import { type Dirent, lstatSync, readdirSync, readFileSync, readlinkSync, type Stats } from "node:fs";
import type { HostRoot } from "../../core/kernel/host-root.ts";
import { refusing } from "./refusal.ts";
import { HOST_DIRECTORIES, join } from "./tree.ts";

export interface HostEntry {
  readonly name: string;
  readonly type: number;
}

/** The host's part of the tree, read only. Paths are those of tree.ts; no symbolic link is ever followed. */
export interface HostFiles {
  /** Undefined when there is nothing. */
  stat(path: string): Stats | undefined;
  list(path: string): readonly HostEntry[];
  read(path: string): Uint8Array;
  /** Where a symbolic link leads. */
  link(path: string): Uint8Array;
  /** Every path below the directories that are passed on. */
  walk(): Iterable<string>;
}

export const S_IFMT = 0o170000;
export const S_IFDIR = 0o040000;
export const S_IFREG = 0o100000;
export const S_IFLNK = 0o120000;

export function openHostFiles(root: HostRoot): HostFiles {
  const locate = (path: string): string => root.sys(path.slice("sys/".length));

  function stat(path: string): Stats | undefined {
    return refusing(() => lstatSync(locate(path), { throwIfNoEntry: false }));
  }

  function list(path: string): readonly HostEntry[] {
    const entries = refusing(() => readdirSync(locate(path), { withFileTypes: true }));
    return entries.map((entry) => ({ name: entry.name, type: typeOf(entry) }));
  }

  function* walk(): Generator<string> {
    for (const path of HOST_DIRECTORIES) if (stat(path) !== undefined) yield* below(path);
  }

  function* below(path: string): Generator<string> {
    for (const { name, type } of list(path)) {
      yield join(path, name);
      if (type === S_IFDIR) yield* below(join(path, name));
    }
  }

  return {
    stat,
    list,
    read: (path) => refusing(() => readFileSync(locate(path))),
    link: (path) => refusing(() => readlinkSync(locate(path), "buffer")),
    walk,
  };
}

function typeOf(entry: Dirent): number {
  if (entry.isDirectory()) return S_IFDIR;
  return entry.isSymbolicLink() ? S_IFLNK : S_IFREG;
}
