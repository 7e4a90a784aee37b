import { setTimeout as sleep } from "node:timers/promises";
import type { HostRoot } from "../../core/kernel/host-root.ts";
import { readPidStat } from "../../core/kernel/proc/pid-stat.ts";
import { errnoOf, PlimsollError } from "../../core/runtime/errors.ts";
import type { Books } from "./notebook.ts";

/** What a server is given by its holder (bin/plimsoll-shim), which outlives it. */
export interface Held {
  /** /dev/fuse, mounted or not yet. */
  readonly device: number;
  readonly books: Books;
  /** The server to be replaced; undefined when there is none any more. */
  readonly predecessor: number | undefined;
}

/** Of the mount whose files are their caller's, and of the one whose files go by name. */
export interface HeldMounts {
  readonly callers: Held;
  readonly named: Held;
}

/** The holder's descriptors. */
export function heldDescriptors(replaces: string | undefined): HeldMounts {
  const predecessor = replaces === undefined ? undefined : Number(replaces);
  return {
    callers: { device: 3, books: [4, 5], predecessor },
    named: { device: 6, books: [7, 8], predecessor },
  };
}

const POLL_MS = 1;
const PATIENCE_MS = 5000;
const ORPHAN_POLL_MS = 1000;

/**
 * Kills the predecessor and waits until none of its threads can answer any more. Killed, not asked: what it leaves is what
 * a crash leaves, so there is one way to take over, and it is used every day.
 */
export async function retirePredecessor(root: HostRoot, pid: number | undefined): Promise<void> {
  if (pid === undefined) return;
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if (errnoOf(error) === "ESRCH") return;
    throw error;
  }
  for (let waitedMs = 0; waitedMs < PATIENCE_MS; waitedMs += POLL_MS) {
    const state = readPidStat(root, pid)?.state;
    if (state === undefined || state === "Z" || state === "X") return;
    await sleep(POLL_MS);
  }
  throw new PlimsollError("PREDECESSOR", `server ${pid} does not end`);
}

/** Tells the holder that readers are served: from now on it replaces this server if it dies. */
export function tellHolder(holder: number): void {
  process.kill(holder, "SIGUSR1");
}

/** Aborts when the holder, our parent, is gone: nobody would replace this server any more, or end it. */
export function holderEnd(holder: number): AbortSignal {
  const gone = new AbortController();
  const timer = setInterval(() => {
    if (process.ppid === holder) return;
    clearInterval(timer);
    gone.abort("holder ended");
  }, ORPHAN_POLL_MS);
  timer.unref();
  return gone.signal;
}
