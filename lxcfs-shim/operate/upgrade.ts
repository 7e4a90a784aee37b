import { setTimeout as sleep } from "node:timers/promises";
import { NotFoundError, PlimsollError } from "../../core/runtime/errors.ts";
import type { ShimStatus } from "./status.ts";
import { readStatuses } from "./status-socket.ts";

const PATIENCE_MS = 30_000;
const POLL_MS = 50;
/** A holder that is busy may miss a signal; one that has a next server under way ignores it. */
const REMIND_MS = 2000;

/** The running shims, or the one on `mountPoint`. Throws NotFoundError when there is none. */
export async function findShims(mountPoint: string | undefined): Promise<readonly ShimStatus[]> {
  const running = await readStatuses();
  const found = running.filter((status) => mountPoint === undefined || status.mountPoint === mountPoint);
  if (found.length > 0) return found;
  const where = mountPoint === undefined ? "on this machine" : `on ${mountPoint}`;
  throw new NotFoundError(`no plimsoll-shim runs ${where}`, { hint: "plimsoll-shim doctor says more" });
}

/** Has the holder replace its server by a new one, of the code and configuration of now. Returns what the new one says. */
export async function upgradeShim(before: ShimStatus): Promise<ShimStatus> {
  const { holder, mountPoint, connection } = before;
  if (holder === undefined) {
    throw new PlimsollError("UPGRADE", `${mountPoint}: its server has no holder that could start another`, {
      hint: "start it by bin/plimsoll-shim serve",
    });
  }
  for (let waitedMs = 0; waitedMs < PATIENCE_MS; waitedMs += POLL_MS) {
    if (waitedMs % REMIND_MS === 0) process.kill(holder.pid, "SIGHUP");
    await sleep(POLL_MS);
    const now = (await readStatuses()).find((status) => status.connection === connection);
    if (now !== undefined && now.generation > before.generation) return now;
  }
  throw new PlimsollError("UPGRADE", `${mountPoint}: no new server came up; the old one still serves`, {
    hint: "its log says why",
  });
}
