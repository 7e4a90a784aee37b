import { isUtf8 } from "node:buffer";
import {
  closeSync,
  constants,
  createReadStream,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  type Stats,
} from "node:fs";
import { dirname, isAbsolute, join, relative, resolve } from "node:path";
import { errnoOf, PlimsollError, UsageError } from "../../../core/runtime/errors.ts";
import type { WrittenEntry } from "../write-tar.ts";
import type { CopiedFile } from "./declaration.ts";

/** What engines have in a layer for a file of a lower one that is gone: `.wh.NAME`. */
const REMOVAL = ".wh.";

interface Tree {
  /** As it is written. */
  readonly from: string;
  readonly root: string;
  readonly mode: number | undefined;
}

/**
 * A file or folder below `folder`, as `name` in what the engine gets. Modes are those that are told, and else only
 * whether a file can be run, so that nobody's umask is in the image. Throws UsageError for what leads out.
 */
export function readTree(
  folder: string,
  { from, mode }: Pick<CopiedFile, "from" | "mode">,
  name: string,
): Iterable<WrittenEntry> {
  const root = resolveInside(folder, from);
  return walk({ from, root, mode }, root, name, lstatSync(root));
}

/** The true path of what is in a folder. Throws for what is not, by its name or by where links lead. */
function resolveInside(folder: string, from: string): string {
  if (isAbsolute(from) || from.split("/").includes(".."))
    throw new UsageError(`files: ${JSON.stringify(from)} is not a path below the file's folder`);
  try {
    const path = realpathSync(join(folder, from));
    if (isInside(realpathSync(folder), path)) return path;
  } catch (cause) {
    throw new UsageError(`files: ${JSON.stringify(from)} cannot be read: ${errnoOf(cause)}`);
  }
  throw new UsageError(`files: ${JSON.stringify(from)} is a link that leads out of the file's folder`);
}

function isInside(root: string, path: string): boolean {
  const way = relative(root, path);
  return way === "" || !(way === ".." || way.startsWith("../") || isAbsolute(way));
}

function* walk(tree: Tree, path: string, name: string, stat: Stats): Generator<WrittenEntry> {
  if (stat.isSymbolicLink()) yield { path: name, kind: "link", mode: 0o777, target: readLink(tree, path) };
  else if (stat.isDirectory()) {
    yield { path: name, kind: "folder", mode: tree.mode === undefined ? 0o755 : reachable(tree.mode) };
    for (const child of readFolder(path))
      yield* walk(tree, join(path, child.name), `${name}/${child.name}`, child.stat);
  } else if (stat.isFile()) {
    const mode = tree.mode ?? ((stat.mode & 0o100) === 0 ? 0o644 : 0o755);
    yield { path: name, kind: "file", mode, sizeBytes: stat.size, content: readAsItIs(path) };
  } else throw new UsageError(`files: ${tree.from}: ${path} is neither a file nor a folder nor a link`);
}

/** Whoever may read a folder may look into it. */
function reachable(mode: number): number {
  return mode | ((mode & 0o444) >> 2);
}

/** A link within what is copied is the same there; any other would lead to something else in the image. */
function readLink({ from, root }: Tree, path: string): string {
  const target = readlinkSync(path);
  if (!isAbsolute(target) && isInside(root, resolve(dirname(path), target))) return target;
  throw new UsageError(`files: ${from}: ${path} is a link that leads out of it, to ${target}`);
}

interface Child {
  readonly name: string;
  readonly stat: Stats;
}

function readFolder(path: string): readonly Child[] {
  const descriptor = openTrue(path, constants.O_DIRECTORY);
  try {
    const held = `/proc/self/fd/${descriptor}`;
    return readdirSync(held, { encoding: "buffer" })
      .map((bytes) => checkName(path, bytes))
      .sort()
      .map((name) => ({ name, stat: lstatSync(join(held, name)) }));
  } finally {
    closeSync(descriptor);
  }
}

function checkName(path: string, bytes: Buffer): string {
  const name = bytes.toString();
  if (!isUtf8(bytes)) throw new UsageError(`files: ${join(path, name)}: is not a name in UTF-8`);
  if (name.startsWith(REMOVAL))
    throw new UsageError(`files: ${join(path, name)}: engines would take it for a file's removal`);
  return name;
}

async function* readAsItIs(path: string): AsyncGenerator<Uint8Array> {
  yield* createReadStream("", { fd: openTrue(path) });
}

/**
 * Opens what is at a path that has no links in it. What has become a link since it was looked at is not followed:
 * O_NOFOLLOW is about a path's end alone, but of each open file the kernel tells where it truly is. Nor is a pipe waited for.
 */
function openTrue(path: string, flags = 0): number {
  let descriptor: number;
  try {
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | flags);
  } catch (cause) {
    throw new UsageError(`files: ${path} cannot be read: ${errnoOf(cause)}`);
  }
  if (readlinkSync(`/proc/self/fd/${descriptor}`) === path) return descriptor;
  closeSync(descriptor);
  throw new PlimsollError("IMAGE", `files: ${path} changed while it was read`);
}
