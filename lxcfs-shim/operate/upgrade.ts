import { systemClock } from "../../core/runtime/clock.ts";
import { PlimsollError } from "../../core/runtime/errors.ts";
import type { ShimStatus } from "./status.ts";
import { readStatuses } from "./status-socket.ts";

const PATIENCE_MS = 30_000;
const POLL_MS = 50;
/** A holder that is busy may miss a signal; one that has a next server under way ignores it. */
const REMIND_MS = 2000;

/** A shim before its upgrade; its server need not answer. */
export interface Upgradable {
  readonly mountPoint: string;
  readonly connection: number;
  readonly generation: number;
  /** Of its server, where that answers. */
  readonly pid?: number;
  /** Undefined where nobody would start another server. */
  readonly holder: number | undefined;
}

/** Has the holder replace its server by a new one, of the code and configuration of now. Returns what the new one says. */
export async function upgradeShim(before: Upgradable): Promise<ShimStatus> {
  const { holder, mountPoint, connection } = before;
  if (holder === undefined) {
    throw new PlimsollError("UPGRADE", `${mountPoint}: its server has no holder that could start another`, {
      hint: "start it by bin/plimsoll-shim serve",
    });
  }
  const { monotonicMs, sleep } = systemClock;
  const endMs = monotonicMs() + PATIENCE_MS;
  // The end is by the clock: to ask a server that hangs takes seconds.
  for (let waitedMs = 0; monotonicMs() < endMs; waitedMs += POLL_MS) {
    if (waitedMs % REMIND_MS === 0) remind(holder, mountPoint);
    await sleep(POLL_MS);
    const now = (await readStatuses()).find((status) => status.connection === connection);
    if (now !== undefined && isNext(now, before)) return now;
  }
  throw new PlimsollError("UPGRADE", `${mountPoint}: no new server came up; the old one is left in place`, {
    hint: "its log says why",
  });
}

/** A server whose predecessor had no room to note its generation is of the same. */
function isNext(now: ShimStatus, { generation, pid }: Upgradable): boolean {
  return now.generation > generation || (pid !== undefined && now.pid !== pid);
}

function remind(holder: number, mountPoint: string): void {
  try {
    process.kill(holder, "SIGHUP");
  } catch (cause) {
    throw new PlimsollError("UPGRADE", `${mountPoint}: its holder, pid ${holder}, cannot be told`, { cause });
  }
}
