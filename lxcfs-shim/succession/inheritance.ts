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

export function readInheritance(notebook: Notebook): Inheritance | undefined {
  const value = notebook.get(KEY);
  return value === undefined ? undefined : JSON.parse(Buffer.from(value).toString());
}

export function bequeath(notebook: Notebook, inheritance: Inheritance): void {
  notebook.put(KEY, Buffer.from(JSON.stringify(inheritance)));
}
