import { chmodSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { createConnection, createServer } from "node:net";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { openHostRoot } from "../../core/kernel/host-root.ts";
import { errnoOf, PlimsollError } from "../../core/runtime/errors.ts";
import type { Logger } from "../../core/runtime/log.ts";
import { findHeldShims } from "./held-shims.ts";
import type { ShimStatus } from "./status.ts";

/** Where running shims are found, each by the number of its connection. */
export const RUN_DIRECTORY = "/run/plimsoll";

const PATIENCE_MS = 3000;

export function statusSocketPath(connection: number, runDirectory: string = RUN_DIRECTORY): string {
  return join(runDirectory, `shim-${connection}.sock`);
}

/**
 * Says `status()` to each who connects; for root alone. A predecessor's socket is replaced. Not being able to is logged only:
 * readers are served all the same. Returns how to end it.
 */
export async function openStatusSocket(
  path: string,
  status: () => ShimStatus,
  log: Logger,
): Promise<() => void> {
  const server = createServer((socket) => {
    socket.on("error", () => {}); // who asked has gone
    socket.end(`${JSON.stringify(status())}\n`);
  });
  try {
    mkdirSync(dirname(path), { recursive: true });
    rmSync(path, { force: true });
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(path, resolve);
    });
    chmodSync(path, 0o600);
  } catch (error) {
    log.warn({ path, err: error }, "no status socket");
  }
  return () => void server.close();
}

/**
 * What each running shim says. Throws `NOT_ROOT` where it may not be asked. A socket that nobody listens to any more is
 * removed, unless a holder's next server is to listen there.
 */
export async function readStatuses(
  runDirectory: string = RUN_DIRECTORY,
  heldConnections: () => readonly number[] = findHeldConnections,
): Promise<readonly ShimStatus[]> {
  const paths = socketsIn(runDirectory);
  const isHeld = (path: string): boolean =>
    heldConnections().some((connection) => statusSocketPath(connection, runDirectory) === path);
  const statuses = await Promise.all(paths.map((path) => readStatus(path, isHeld)));
  return statuses.filter((status) => status !== undefined);
}

function socketsIn(directory: string): readonly string[] {
  try {
    const names = readdirSync(directory).filter((name) => /^shim-\d+\.sock$/.test(name));
    return names.map((name) => join(directory, name));
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return [];
    throw error;
  }
}

function findHeldConnections(): readonly number[] {
  return findHeldShims(openHostRoot()).map(({ connection }) => connection);
}

async function readStatus(path: string, isHeld: (path: string) => boolean): Promise<ShimStatus | undefined> {
  const socket = createConnection(path);
  socket.setTimeout(PATIENCE_MS, () => socket.destroy(new Error(`${path}: no answer`)));
  try {
    return JSON.parse(await text(socket));
  } catch (cause) {
    if (errnoOf(cause) === "EACCES") {
      throw new PlimsollError("NOT_ROOT", "a shim that runs may only be asked by root", { cause });
    }
    if (errnoOf(cause) === "ECONNREFUSED" && !isHeld(path)) rmSync(path, { force: true });
    return undefined;
  }
}
