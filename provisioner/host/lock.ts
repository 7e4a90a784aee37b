import { join } from "node:path";
import type { Clock } from "../../core/runtime/clock.ts";
import { PlimsollError } from "../../core/runtime/errors.ts";
import type { HostConfig } from "./config.ts";
import { readLockOwner, tryFileLock } from "./file-lock.ts";

const AGAIN_MS = 100;
/** Longer than any one operation of ours takes. */
const PATIENCE_MS = 600_000;
/** Of whoever changes what machines stand on: a daemon has the other for as long as it runs. */
const GROUND = "/run/plimsoll-host-init.lock";

/** Who is waited for, and whom to tell. */
export interface Waiting {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Called once, with whoever has the lock: `process 4711 (plimsoll serve)`. */
  onWait(owner: string): void;
  /** How long, ten minutes unless told. */
  readonly patienceMs?: number;
}

/** Waits until no other process changes this host's machines. Returns the release. */
export function takeHostLock(config: Pick<HostConfig, "data">, waiting: Waiting): Promise<() => void> {
  return takeHostOr<never>(config, waiting, async () => undefined);
}

/** The same, unless meanwhile there is something better: what `instead` gives. */
export function takeHostOr<T>(
  { data }: Pick<HostConfig, "data">,
  waiting: Waiting,
  instead: () => Promise<T | undefined>,
): Promise<T | (() => void)> {
  return take(join(data, "lock"), waiting, instead);
}

/** The same for what machines stand on. */
export function takeGroundLock(waiting: Waiting, path: string = GROUND): Promise<() => void> {
  return take<never>(path, waiting, async () => undefined);
}

async function take<T>(
  path: string,
  { clock, signal, onWait, patienceMs = PATIENCE_MS }: Waiting,
  instead: () => Promise<T | undefined>,
): Promise<T | (() => void)> {
  const deadline = clock.monotonicMs() + patienceMs;
  for (let attempts = 0; ; attempts++) {
    const found = (await instead()) ?? (await tryFileLock(path));
    if (found !== undefined) return found;
    const owner = readLockOwner(path);
    if (attempts === 0) onWait(owner);
    signal.throwIfAborted();
    if (clock.monotonicMs() > deadline)
      throw new PlimsollError("LOCKED", `this host is being changed by ${owner}`);
    await clock.sleep(AGAIN_MS, signal);
  }
}
