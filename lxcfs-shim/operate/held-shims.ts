import { closeSync, openSync, readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import type { HostRoot } from "../../core/kernel/host-root.ts";
import { readPidStat } from "../../core/kernel/proc/pid-stat.ts";
import { attempt } from "../attempt.ts";
import { type Inheritance, readInheritance } from "../succession/inheritance.ts";
import { openNotebook } from "../succession/notebook.ts";
import { readNamespace } from "../view/namespaces.ts";

/** A shim as its holder's notebook has it: also when no server answers. */
export interface HeldShim {
  /** Its pid. */
  readonly holder: number;
  readonly mountPoint: string;
  readonly connection: number;
  readonly generation: number;
  /** The mount by name, where there is one. */
  readonly named: { readonly mountPoint: string; readonly connection: number } | undefined;
}

/** Where bin/plimsoll-shim has its files, and what they are called when it has removed them. */
const CALLERS_BOOK = 4;
const NAMED_BOOK = 7;
const BOOK = /\/plimsoll-shim\.\w+\/4 \(deleted\)$/;

/** Every shim whose holder lives. Looks at all processes: for when one does not answer. */
export function findHeldShims(root: HostRoot): readonly HeldShim[] {
  const keepers = readdirSync(root.proc(""))
    .filter((name) => /^\d+$/.test(name))
    .map((name) => ({ pid: Number(name), book: bookOf(root, Number(name)) }))
    .filter(({ book }) => book !== undefined);
  const books = new Map(keepers.map(({ pid, book }) => [pid, book]));
  return keepers.flatMap(({ pid, book }) => {
    // The holder's children have its files as well.
    if (books.get(readPidStat(root, pid)?.ppid ?? 0) === book || isServer(root, pid)) return [];
    const callers = readBooks(root, pid, CALLERS_BOOK);
    if (callers === undefined) return [];
    const { mountPoint, connection, generation } = callers;
    const byName = readBooks(root, pid, NAMED_BOOK);
    const named = byName && { mountPoint: byName.mountPoint, connection: byName.connection };
    return [{ holder: pid, mountPoint, connection, generation, named }];
  });
}

/** Undefined for a process that has none, is gone, or may not be looked at. */
function bookOf(root: HostRoot, pid: number): string | undefined {
  const path = attempt(() => readlinkSync(root.proc(`${pid}/fd/${CALLERS_BOOK}`)));
  return path !== undefined && BOOK.test(path) && isOurs(root, pid) ? path : undefined;
}

/** Anybody may call files so, and a container too: a holder is in the mount namespace of its mount, and its files are root's. */
function isOurs(root: HostRoot, pid: number): boolean {
  const found = attempt(
    () =>
      readNamespace(root, pid, "mnt") === readNamespace(root, "self", "mnt") &&
      statSync(root.proc(`${pid}/fd/${CALLERS_BOOK}`)).uid === process.geteuid?.(),
  );
  return found ?? false;
}

/** One whose holder was killed goes on for a moment. */
function isServer(root: HostRoot, pid: number): boolean {
  const command = attempt(() => readFileSync(root.proc(`${pid}/cmdline`), "utf8"));
  return command === undefined || command.split("\0").includes("--held");
}

/** Undefined before anything was mounted. What has not begun cannot be begun here: it is opened for reading. */
function readBooks(root: HostRoot, pid: number, first: number): Inheritance | undefined {
  const path = (book: number): string => root.proc(`${pid}/fd/${book}`);
  return attempt(() =>
    withFile(path(first), (one) =>
      withFile(path(first + 1), (other) => readInheritance(openNotebook([one, other]))),
    ),
  );
}

function withFile<T>(path: string, use: (file: number) => T): T {
  const file = openSync(path, "r");
  try {
    return use(file);
  } finally {
    closeSync(file);
  }
}
