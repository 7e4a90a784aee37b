import { PROC_FILES } from "../proc-files/index.ts";
import type { ProcFile } from "../proc-files/types.ts";
import { SYS_FILES } from "../sys-files/index.ts";
import type { SysFile } from "../sys-files/types.ts";

/** Below the mount as below /: whoever binds LXCFS' files binds ours. */
export const SYSTEM_DIRECTORY = "sys/devices/system";

/** The host's directories that are passed on, read only, with our files over theirs. */
export const HOST_DIRECTORIES: readonly string[] = ["cpu", "node"].map((name) =>
  join(SYSTEM_DIRECTORY, name),
);

/** What a path stands for. Paths have no slash at either end; the root's is "". */
export type Node =
  | { readonly kind: "proc"; readonly file: ProcFile }
  /** `isOnHost`: there only if the host has it, and if the caller has the CPU it belongs to. */
  | { readonly kind: "sys"; readonly file: SysFile; readonly isOnHost: boolean }
  | { readonly kind: "directory"; readonly names: readonly string[] }
  /** Whatever the host has there, read only. */
  | { readonly kind: "host" };

const PATTERNS: readonly { readonly pattern: RegExp; readonly node: Node }[] = SYS_FILES.filter(
  isPattern,
).map((file) => ({ pattern: patternOf(file.path), node: { kind: "sys", file, isOnHost: true } }));
const FIXED: ReadonlyMap<string, Node> = fixedNodes();

/** Every path that is there for everybody; the host's directories where the host has them. */
export const FIXED_PATHS: readonly string[] = [...FIXED.keys(), ...HOST_DIRECTORIES];

/** The rows of the statistics: each file below /proc, and all that is below /sys. */
export const COUNTED_FILES: readonly string[] = [
  ...PROC_FILES.map((file) => `proc/${file.path}`),
  SYSTEM_DIRECTORY,
];

export function countedAs(path: string): string {
  return path.startsWith(SYSTEM_DIRECTORY) ? SYSTEM_DIRECTORY : path;
}

export function nodeAt(path: string): Node | undefined {
  const fixed = FIXED.get(path);
  if (fixed !== undefined) return fixed;
  if (!HOST_DIRECTORIES.some((host) => path === host || path.startsWith(`${host}/`))) return undefined;
  return PATTERNS.find(({ pattern }) => pattern.test(path))?.node ?? { kind: "host" };
}

export function join(parent: string, name: string): string {
  return parent === "" ? name : `${parent}/${name}`;
}

const OF_A_CPU = new RegExp(`^${SYSTEM_DIRECTORY}/(?:cpu|node/node\\d+)/cpu(\\d+)(?:/|$)`);

/** The CPU whose directory `path` is, lies in, or links to. */
export function cpuOfPath(path: string): number | undefined {
  const id = OF_A_CPU.exec(path)?.[1];
  return id === undefined ? undefined : Number(id);
}

function fixedNodes(): ReadonlyMap<string, Node> {
  const nodes = new Map<string, Node>();
  for (const file of PROC_FILES) nodes.set(`proc/${file.path}`, { kind: "proc", file });
  for (const file of SYS_FILES) {
    if (!isPattern(file))
      nodes.set(join(SYSTEM_DIRECTORY, file.path), { kind: "sys", file, isOnHost: false });
  }
  for (const [path, names] of directoriesAbove([...nodes.keys(), ...HOST_DIRECTORIES])) {
    if (!HOST_DIRECTORIES.includes(path)) nodes.set(path, { kind: "directory", names: [...names] });
  }
  return nodes;
}

/** Every directory that has one of `paths` below it, the root included, and what is in it. */
export function directoriesAbove(paths: readonly string[]): ReadonlyMap<string, ReadonlySet<string>> {
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

function isPattern({ path }: SysFile): boolean {
  return /[N*{]/.test(path);
}

/** `N` a number, `*` a part of a name, `{a,b}` either. */
function patternOf(path: string): RegExp {
  const source = join(SYSTEM_DIRECTORY, path)
    .replaceAll("N", "\\d+")
    .replaceAll("*", "[^/]+")
    .replaceAll(/\{(\w+),(\w+)\}/g, "(?:$1|$2)");
  return new RegExp(`^${source}$`);
}
