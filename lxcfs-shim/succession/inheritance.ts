import type { Agreement } from "../session/session.ts";
import type { Notebook } from "./notebook.ts";

/** A mounted connection. */
export interface MountedConnection {
  readonly mountPoint: string;
  /** The name under /sys/fs/fuse/connections. */
  readonly connection: number;
  /** Milliseconds since 1970. */
  readonly mountedAtMs: number;
  /** How many servers it has had, the one that mounted included. */
  readonly generation: number;
}

/** What a server has to know of a connection it has not mounted itself: no second INIT comes. */
export type Inheritance = MountedConnection & Agreement;

const KEY = "connection";
/** Instead of one. */
const ENDED = "null";

export function readInheritance(notebook: Notebook): Inheritance | undefined {
  const value = notebook.get(KEY);
  return value === undefined ? undefined : (JSON.parse(Buffer.from(value).toString()) ?? undefined);
}

export function bequeath(notebook: Notebook, inheritance: Inheritance): void {
  notebook.put(KEY, Buffer.from(JSON.stringify(inheritance)));
}

/** The connection is ended, and its number may soon be another's. */
export function disinherit(notebook: Notebook): void {
  notebook.put(KEY, Buffer.from(ENDED));
}

/** Whether there was a connection and it is ended: its device cannot be mounted once more. */
export function hasEnded(notebook: Notebook): boolean {
  const value = notebook.get(KEY);
  return value !== undefined && Buffer.from(value).toString() === ENDED;
}
