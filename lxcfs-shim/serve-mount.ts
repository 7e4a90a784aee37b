import { once } from "node:events";
import { closeSync } from "node:fs";
import type { MessagePort } from "node:worker_threads";
import type { HostRoot } from "../core/kernel/host-root.ts";
import { bug, NotFoundError, PlimsollError } from "../core/runtime/errors.ts";
import type { Logger, LogLevel } from "../core/runtime/log.ts";
import { LATE, withPatience } from "../core/runtime/patience.ts";
import { abortConnection, mountDevice, unmount } from "./mount.ts";
import { findMount, prepareMountPoint } from "./mount-point.ts";
import type { OperationCounts } from "./session/counters.ts";
import type { Wishes } from "./session/negotiate.ts";
import type { Agreement } from "./session/session.ts";
import { type ServingThread, startThread } from "./session/thread.ts";
import { type Held, retirePredecessor } from "./succession/held.ts";
import {
  disinherit,
  type Inheritance,
  type MountedConnection,
  readInheritance,
} from "./succession/inheritance.ts";
import { openNotebook } from "./succession/notebook.ts";
import { openDevFuse } from "./transport/dev-fuse.ts";

export interface ServeMountOptions {
  readonly root: HostRoot;
  readonly directory: string;
  /** The module that calls `serveInThread`, and what it is given. */
  readonly module: URL;
  readonly moduleOptions: unknown;
  readonly transfer?: readonly MessagePort[];
  readonly log: Logger;
  readonly logLevel: LogLevel;
  /** By whoever keeps the connection beyond the life of this process; otherwise it ends with us. */
  readonly held?: Held | undefined;
  readonly wishes?: Wishes;
  /** Called when the first reader would be answered. */
  onReady(mount: ServedMount): void | Promise<void>;
}

export interface ServedMount extends Inheritance {
  readCounts(): OperationCounts;
}

/** How long readers in flight are given before the connection is aborted, and the thread to notice. */
const GRACE_MS = 500;
const ABORT_MS = 5000;

/**
 * Serves a mount from a thread of its own until `signal` aborts, then takes everything down. Throws when
 * the thread dies or the mount is taken away by somebody else: no reader is left waiting, unless a holder will
 * start the next server.
 *
 * The main thread never touches the mount: it would wait for the thread it has to look after.
 */
export async function serveMount(options: ServeMountOptions, signal: AbortSignal): Promise<void> {
  const { held, root, log } = options;
  const inherited = held && readInheritance(openNotebook(held.books));
  const mountPoint = inherited?.mountPoint ?? (await prepareMountPoint(root, options.directory, log));
  const device = held?.device ?? openDevFuse();
  const thread = startThread({ ...options, options: options.moduleOptions });
  let mount: MountedConnection | undefined;
  let isServed = false;
  try {
    await thread.loaded;
    if (signal.aborted) return;
    if (inherited === undefined) await mountDevice(device, mountPoint);
    else await retirePredecessor(root, held?.predecessor);
    mount = inherited === undefined ? firstMount(root, mountPoint) : nextServer(inherited);
    const agreement = await thread.serve({
      device,
      books: held?.books,
      mount,
      inherited: agreementOf(inherited),
      wishes: options.wishes ?? {},
    });
    isServed = true;
    await options.onReady({ ...mount, ...agreement, readCounts: () => thread.counters.read() });
    if (!signal.aborted) await Promise.race([once(signal, "abort"), endedEarly(thread, mountPoint)]);
  } finally {
    const isLeft = held !== undefined && (isServed || inherited !== undefined) && !signal.aborted;
    if (!isLeft) await takeDown({ thread, device, mountPoint, connection: mount?.connection, options });
  }
}

/** Takes down what a server that cannot do it any more has left with its holder. */
export async function endHeldMount(root: HostRoot, held: Held, log: Logger): Promise<void> {
  const notebook = openNotebook(held.books);
  const inherited = readInheritance(notebook);
  if (inherited === undefined) return;
  await unmountOurs(inherited, root, log);
  await abortConnection(inherited.connection);
  disinherit(notebook);
}

/** The minor number of a FUSE mount's device is its connection's name. */
function firstMount(root: HostRoot, mountPoint: string): MountedConnection {
  const minor = findMount(root, mountPoint)?.device.split(":")[1];
  if (minor === undefined) return bug(`${mountPoint} is mounted and not in mountinfo`);
  return { mountPoint, connection: Number(minor), mountedAtMs: Date.now(), generation: 1 };
}

function agreementOf(inherited: Inheritance | undefined): Agreement | undefined {
  return inherited && { protocol: inherited.protocol, resends: inherited.resends };
}

function nextServer(inherited: MountedConnection): MountedConnection {
  const { mountPoint, connection, mountedAtMs, generation } = inherited;
  return { mountPoint, connection, mountedAtMs, generation: generation + 1 };
}

async function endedEarly(thread: ServingThread, mountPoint: string): Promise<never> {
  const cause = await thread.ended;
  if (cause === undefined) {
    throw new NotFoundError(`${mountPoint} was unmounted or aborted by somebody else`);
  }
  throw new PlimsollError("SERVE", "the serving thread died", { cause });
}

interface Standing {
  readonly thread: ServingThread;
  readonly device: number;
  readonly mountPoint: string;
  /** Undefined: it was never mounted, or is still another server's. */
  readonly connection: number | undefined;
  readonly options: ServeMountOptions;
}

/** Undoes whatever stands. Does not throw: what cannot be undone is logged, and the process ends all the same. */
async function takeDown({ thread, device, mountPoint, connection, options }: Standing): Promise<void> {
  const { root, log } = options;
  const unmountIt = async (): Promise<void> => {
    if (connection !== undefined) await unmountOurs({ mountPoint, connection }, root, log);
  };
  if (await endsWithin(thread, 0)) {
    closeSync(device); // without a holder we were the last: the kernel ends the connection, whoever waits gets ENOTCONN
    await unmountIt();
    return;
  }
  await unmountIt();
  if (connection === undefined) thread.terminate();
  else if (!(await endsWithin(thread, GRACE_MS))) await abortOrDie(thread, connection, log);
  closeSync(device);
}

async function unmountOurs(
  { mountPoint, connection }: Pick<MountedConnection, "mountPoint" | "connection">,
  root: HostRoot,
  log: Logger,
): Promise<void> {
  if (findMount(root, mountPoint)?.device.split(":")[1] !== `${connection}`) return;
  try {
    await unmount(mountPoint);
  } catch (error) {
    log.error({ mountPoint, err: error }, "unmount failed");
  }
}

/**
 * What still holds the mount (a container's bind mounts, an open file) would keep it served for ever. A
 * thread in a system call cannot be ended from here: where even the abort fails, the process has to go at once.
 */
async function abortOrDie(thread: ServingThread, connection: number, log: Logger): Promise<void> {
  try {
    await abortConnection(connection); // wakes a thread that waits for requests
  } catch (error) {
    log.error({ connection, err: error }, "connection cannot be aborted");
  }
  thread.terminate(); // ends one that is busy
  if (await endsWithin(thread, ABORT_MS)) return;
  log.error({ connection }, "serving thread does not end: process kills itself");
  process.kill(process.pid, "SIGKILL");
}

async function endsWithin(thread: ServingThread, ms: number): Promise<boolean> {
  return (await withPatience(thread.ended, ms)) !== LATE;
}
