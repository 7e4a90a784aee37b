import {
  constants,
  type Dirent,
  lstatSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
} from "node:fs";
import { open } from "node:fs/promises";
import { dirname, isAbsolute, join, relative, resolve } from "node:path";
import { errnoOf, UsageError } from "../../../core/runtime/errors.ts";
import { packageDirectory } from "../../../core/runtime/version.ts";
import type { WrittenEntry } from "../write-tar.ts";
import type { ImageDeclaration, ImageUser } from "./declaration.ts";
import { CONTEXT } from "./render-dockerfile.ts";

/** In all folders together. */
const MAX_ENTRIES = 100_000;
const SSHD_CONFIG = "provisioner/machine/etc/ssh/sshd_config.d/plimsoll.conf";

/**
 * What the engine gets to build with, the Dockerfile first. Modes are those that are told, and else only
 * whether a file can be run, so that nobody's umask is in the image. Throws UsageError for what leads out.
 */
export function readContext(image: ImageDeclaration, dockerfile: string): readonly WrittenEntry[] {
  const own = (path: string): Buffer => readFileSync(join(packageDirectory(), path));
  const entries = [
    bytes("Dockerfile", Buffer.from(dockerfile), 0o644),
    ...(image.init ? [bytes(CONTEXT.init, own("bin/plimsoll-init"), 0o755)] : []),
    ...(image.ssh ? [bytes(CONTEXT.sshd, own(SSHD_CONFIG), 0o644)] : []),
    ...image.users.flatMap(homeOf),
    ...image.files.flatMap(({ from, mode }, at) => {
      const path = resolveInside(image.folder, from);
      return [...walk({ from, root: path, mode }, path, CONTEXT.file(at))];
    }),
  ];
  if (entries.length > MAX_ENTRIES) throw new UsageError(`files: more than ${MAX_ENTRIES} of them`);
  return entries;
}

function bytes(path: string, content: Buffer, mode: number): WrittenEntry {
  return { path, kind: "file", mode, sizeBytes: content.length, content };
}

function folder(path: string, mode: number): WrittenEntry {
  return { path, kind: "folder", mode };
}

/** sshd looks at no key in a folder that others can write to. */
function homeOf({ home, sshKeys }: ImageUser, at: number): readonly WrittenEntry[] {
  const path = `${CONTEXT.homes(at)}/${home.slice(home.lastIndexOf("/") + 1)}`;
  const keys = Buffer.from(sshKeys.map((key) => `${key}\n`).join(""));
  return [
    folder(CONTEXT.homes(at), 0o755),
    folder(path, 0o750),
    ...(sshKeys.length === 0
      ? []
      : [folder(`${path}/.ssh`, 0o700), bytes(`${path}/.ssh/authorized_keys`, keys, 0o600)]),
  ];
}

/** The true path of what is in a folder. Throws for what is not, by its name or by where links lead. */
function resolveInside(root: string, from: string): string {
  if (isAbsolute(from) || from.split("/").includes(".."))
    throw new UsageError(`files: ${JSON.stringify(from)} is not a path below the file's folder`);
  try {
    const path = realpathSync(join(root, from));
    if (isInside(realpathSync(root), path)) return path;
  } catch (cause) {
    throw new UsageError(`files: ${JSON.stringify(from)} cannot be read: ${errnoOf(cause)}`);
  }
  throw new UsageError(`files: ${JSON.stringify(from)} is a link that leads out of the file's folder`);
}

function isInside(root: string, path: string): boolean {
  const way = relative(root, path);
  return way === "" || !(way === ".." || way.startsWith("../") || isAbsolute(way));
}

interface Tree {
  /** As it is written. */
  readonly from: string;
  readonly root: string;
  readonly mode: number | undefined;
}

function* walk(tree: Tree, path: string, name: string): Generator<WrittenEntry> {
  const stat = lstatSync(path);
  if (stat.isSymbolicLink()) yield { path: name, kind: "link", mode: 0o777, target: readLink(tree, path) };
  else if (stat.isDirectory()) {
    yield folder(name, tree.mode === undefined ? 0o755 : reachable(tree.mode));
    const children = readdirSync(path, { withFileTypes: true }).sort(byName);
    for (const child of children) yield* walk(tree, join(path, child.name), `${name}/${child.name}`);
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

/** What has become a link since it was looked at is not followed. */
async function* readAsItIs(path: string): AsyncGenerator<Uint8Array> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  yield* file.createReadStream();
}

function byName(a: Dirent, b: Dirent): number {
  return a.name < b.name ? -1 : 1;
}
