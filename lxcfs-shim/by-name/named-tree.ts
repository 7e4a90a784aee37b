import { directoriesAbove } from "../file-system/tree.ts";
import { PROC_FILES } from "../proc-files/index.ts";
import type { ProcFile } from "../proc-files/types.ts";

/**
 * What is below each name. Only files whose text fits into one page of the page cache, whatever the machine: a reader
 * of several pages could be given one of an old text and one of a new. The others are read by caller.
 */
const FILES = [
  "loadavg",
  "meminfo",
  "pressure/cpu",
  "pressure/io",
  "pressure/memory",
  "swaps",
  "uptime",
] as const;

export const NAMED_FILES: readonly ProcFile[] = PROC_FILES.filter(({ path }) =>
  FILES.some((file) => file === path),
);

export type NamedNode =
  | { readonly kind: "directory"; readonly names: readonly string[] }
  | { readonly kind: "file"; readonly file: ProcFile };

const FILE_NODES = NAMED_FILES.map((file) => [`proc/${file.path}`, { kind: "file", file }] as const);
const DIRECTORIES = directoriesAbove(FILE_NODES.map(([path]) => path));

const NODES: ReadonlyMap<string, NamedNode> = new Map<string, NamedNode>([
  ...FILE_NODES,
  ...[...DIRECTORIES].map(([path, names]) => [path, { kind: "directory", names: [...names] }] as const),
]);

/** Every path below a name. */
export const NAMED_PATHS: readonly string[] = [...NODES.keys()];

/** `path` is below a name: "" for the name's own directory, `proc/meminfo`. */
export function namedNodeAt(path: string): NamedNode | undefined {
  return NODES.get(path);
}
