import { PROC_FILES } from "../proc-files/index.ts";
import type { ProcFile } from "../proc-files/types.ts";
import { SYS_FILES } from "../sys-files/index.ts";
import type { SysFile } from "../sys-files/types.ts";

/** Below the mount as below /: whoever binds LXCFS' files binds ours. */
export const CPU_DIRECTORY = "sys/devices/system/cpu";

/** What a path stands for. Paths have no slash at either end; the root's is "". */
export type Node =
  | { readonly kind: "proc"; readonly file: ProcFile }
  | { readonly kind: "sys"; readonly file: SysFile }
  | { readonly kind: "directory"; readonly names: readonly string[] }
  /** Whatever the host has there, read only. */
  | { readonly kind: "host" };

const FIXED: ReadonlyMap<string, Node> = fixedNodes();

/** Every path that is there for everybody, whatever the host. */
export const FIXED_PATHS: readonly string[] = [...FIXED.keys(), CPU_DIRECTORY];

export function nodeAt(path: string): Node | undefined {
  const fixed = FIXED.get(path);
  if (fixed !== undefined) return fixed;
  return path === CPU_DIRECTORY || path.startsWith(`${CPU_DIRECTORY}/`) ? { kind: "host" } : undefined;
}

export function join(parent: string, name: string): string {
  return parent === "" ? name : `${parent}/${name}`;
}

/** The CPU whose directory `path` is or lies in. */
export function cpuOfPath(path: string): number | undefined {
  if (!path.startsWith(`${CPU_DIRECTORY}/cpu`)) return undefined;
  const id = /^cpu(\d+)(?:\/|$)/.exec(path.slice(CPU_DIRECTORY.length + 1))?.[1];
  return id === undefined ? undefined : Number(id);
}

function fixedNodes(): ReadonlyMap<string, Node> {
  const nodes = new Map<string, Node>();
  for (const file of PROC_FILES) nodes.set(`proc/${file.path}`, { kind: "proc", file });
  for (const file of SYS_FILES) nodes.set(`${CPU_DIRECTORY}/${file.name}`, { kind: "sys", file });
  for (const [path, names] of directoriesAbove([...nodes.keys()])) {
    if (path !== CPU_DIRECTORY) nodes.set(path, { kind: "directory", names: [...names] });
  }
  return nodes;
}

function directoriesAbove(paths: readonly string[]): ReadonlyMap<string, ReadonlySet<string>> {
  const directories = new Map<string, Set<string>>();
  for (const path of paths) {
    const parts = path.split("/");
    for (const [depth, name] of parts.entries()) {
      const parent = parts.slice(0, depth).join("/");
      directories.set(parent, (directories.get(parent) ?? new Set()).add(name));
    }
  }
  return directories;
}
