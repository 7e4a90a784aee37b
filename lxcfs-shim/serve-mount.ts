import { once } from "node:events";
import { closeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { MessagePort } from "node:worker_threads";
import type { HostRoot } from "../core/kernel/host-root.ts";
import { bug, PlimsollError } from "../core/runtime/errors.ts";
import type { Logger, LogLevel } from "../core/runtime/log.ts";
import { abortConnection, mountDevice, unmount } from "./mount.ts";
import { findMount, prepareMountPoint } from "./mount-point.ts";
import type { OperationCounts } from "./session/counters.ts";
import { type ServingThread, startThread } from "./session/thread.ts";
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
  /** Called when the first reader would be answered. */
  onReady(mount: ServedMount): void | Promise<void>;
}

export interface ServedMount {
  readonly mountPoint: string;
  /** The name under /sys/fs/fuse/connections. */
  readonly connection: number;
  /** FUSE version agreed with the kernel. */
  readonly protocol: string;
  readCounts(): OperationCounts;
}

/** How long readers in flight are given before the connection is aborted, and the thread to notice. */
const GRACE_MS = 500;
const ABORT_MS = 5000;

/**
 * Serves a mount from a thread of its own until `signal` aborts, then takes everything down. Throws when
 * the thread dies or the mount is taken away by somebody else: then too no reader is left waiting.
 *
 * The main thread never touches the mount: it would wait for the thread it has to look after.
 */
export async function serveMount(options: ServeMountOptions, signal: AbortSignal): Promise<void> {
  const mountPoint = await prepareMountPoint(options.root, options.directory, options.log);
  const descriptor = openDevFuse();
  const thread = startThread({ ...options, options: options.moduleOptions });
  let connection: number | undefined;
  try {
    await thread.loaded;
    if (signal.aborted) return;
    await mountDevice(descriptor, mountPoint);
    connection = connectionOf(options.root, mountPoint);
    const protocol = await thread.serve(descriptor);
    const readCounts = (): OperationCounts => thread.counters.read();
    await options.onReady({ mountPoint, connection, protocol, readCounts });
    if (!signal.aborted) await Promise.race([once(signal, "abort"), endedEarly(thread, mountPoint)]);
  } finally {
    await takeDown({ thread, descriptor, mountPoint, connection, options });
  }
}

/** The minor number of a FUSE mount's device is its connection's name. */
function connectionOf(root: HostRoot, mountPoint: string): number {
  const minor = findMount(root, mountPoint)?.device.split(":")[1];
  return minor === undefined ? bug(`${mountPoint} is mounted and not in mountinfo`) : Number(minor);
}

async function endedEarly(thread: ServingThread, mountPoint: string): Promise<never> {
  const cause = await thread.ended;
  const message =
    cause === undefined
      ? `${mountPoint} was unmounted or aborted by somebody else`
      : "the serving thread died";
  throw new PlimsollError("SERVE", message, { cause });
}

interface Standing {
  readonly thread: ServingThread;
  readonly descriptor: number;
  readonly mountPoint: string;
  /** Undefined: it was never mounted. */
  readonly connection: number | undefined;
  readonly options: ServeMountOptions;
}

/** Undoes whatever stands. Does not throw: what cannot be undone is logged, and the process ends all the same. */
async function takeDown(standing: Standing): Promise<void> {
  const { thread, descriptor, connection } = standing;
  if (await endsWithin(thread, 0)) {
    closeSync(descriptor); // the last holder: the kernel ends the connection, whoever waits gets ENOTCONN
    await unmountOurs(standing);
    return;
  }
  await unmountOurs(standing);
  if (connection === undefined) thread.terminate();
  else if (!(await endsWithin(thread, GRACE_MS))) await abortOrDie(standing, connection);
  closeSync(descriptor);
}

async function unmountOurs({ mountPoint, connection, options: { root, log } }: Standing): Promise<void> {
  const mount = findMount(root, mountPoint);
  if (connection === undefined || mount?.device.split(":")[1] !== `${connection}`) return;
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
async function abortOrDie({ thread, options: { log } }: Standing, connection: number): Promise<void> {
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
  const timer = new AbortController();
  const ended = thread.ended.then(() => true);
  const late = sleep(ms, false, { signal: timer.signal });
  try {
    return await Promise.race([ended, late]);
  } finally {
    late.catch(() => {}); // rejects when it is cancelled
    timer.abort();
  }
}
