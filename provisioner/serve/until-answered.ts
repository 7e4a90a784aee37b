import { backoffMs } from "../../core/runtime/backoff.ts";
import type { Clock } from "../../core/runtime/clock.ts";
import { errorLine } from "../../core/runtime/errors.ts";
import type { Logger } from "../../core/runtime/log.ts";
import type { Store } from "../store/types.ts";

const RETRY = { firstMs: 500, longestMs: 10_000 } as const;
/** Asked for to see whether there is an answer, whatever it says. */
const ANY = "placement-turn";

/**
 * After a boot the network, or the hosts of a store, may come later than we do: until the store answers, or `signal`. One
 * that is a file of this host's has nothing to wait for.
 */
export async function untilAnswered(
  store: Pick<Store, "get" | "isShared">,
  clock: Clock,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  for (let failures = 1; store.isShared && !signal.aborted; failures++) {
    try {
      await store.get(ANY);
      return;
    } catch (error) {
      if (failures === 1) log.warn({ problem: errorLine(error) }, "the store does not answer yet");
      await clock.sleep(backoffMs(RETRY, failures, undefined, Math.random()), signal);
    }
  }
}
