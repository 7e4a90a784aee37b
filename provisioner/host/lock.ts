import { createServer, type Server } from "node:net";
import type { Clock } from "../../core/runtime/clock.ts";
import { errnoOf, PlimsollError } from "../../core/runtime/errors.ts";

/** Abstract socket (unix(7)) of whoever changes this host's machines; the kernel drops it with its process. */
const MACHINES = "plimsoll-host";
/** Of whoever changes what they stand on: a daemon has the other for as long as it runs. */
const GROUND = "plimsoll-host-init";
const AGAIN_MS = 50;
/** Longer than any one operation of ours takes. */
const PATIENCE_MS = 600_000;

/**
 * Waits until no other process changes this host's machines. `onWait` is called once, when there is
 * one. Returns the release.
 */
export function takeHostLock(
  clock: Clock,
  signal: AbortSignal,
  onWait: () => void,
  patienceMs: number = PATIENCE_MS,
): Promise<() => void> {
  return takeHostOr<never>(clock, signal, async () => undefined, onWait, patienceMs);
}

/** The same for what machines stand on. */
export function takeGroundLock(clock: Clock, signal: AbortSignal, onWait: () => void): Promise<() => void> {
  return takeHostOr<never>(clock, signal, async () => undefined, onWait, PATIENCE_MS, GROUND);
}

/** As `takeHostLock`, unless meanwhile there is something better: what `instead` gives. */
export async function takeHostOr<T>(
  clock: Clock,
  signal: AbortSignal,
  instead: () => Promise<T | undefined>,
  onWait: () => void,
  patienceMs: number = PATIENCE_MS,
  name: string = MACHINES,
): Promise<T | (() => void)> {
  const deadline = clock.monotonicMs() + patienceMs;
  for (let attempts = 0; ; attempts++) {
    const found = (await instead()) ?? (await tryLock(name));
    if (found !== undefined) return found;
    if (attempts === 0) onWait();
    signal.throwIfAborted();
    if (clock.monotonicMs() > deadline)
      throw new PlimsollError("LOCKED", "this host is being changed by another plimsoll", {
        hint: `ss -xlp src @${name} shows which`,
      });
    await clock.sleep(AGAIN_MS, signal);
  }
}

function tryLock(name: string): Promise<(() => void) | undefined> {
  return new Promise((resolve, reject) => {
    const server: Server = createServer((socket) => socket.destroy());
    server.once("error", (cause) =>
      errnoOf(cause) === "EADDRINUSE"
        ? resolve(undefined)
        : reject(new PlimsollError("LOCKED", "this host's lock cannot be taken", { cause })),
    );
    server.listen(`\0${name}`, () => {
      server.unref();
      resolve(() => server.close());
    });
  });
}
