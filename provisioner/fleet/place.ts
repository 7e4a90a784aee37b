import type { Clock } from "../../core/runtime/clock.ts";
import { CONFLICT, retryConflicts } from "../store/optimistic.ts";
import type { Store } from "../store/types.ts";
import { type Ask, putAsk } from "./asks.ts";
import { putBatch } from "./batches.ts";
import { type Fleet, readFleet } from "./hosts.ts";

/** Written by each placement, so that of two that read the same fleet the second reads again. */
const TURN = "placement-turn";

/**
 * Has asks that take room written in one transaction, as `decide` has it for the fleet as it stands. As long as they
 * are there they count as used, and after them the machines do: two operators never give away the same room.
 * `isTogether`: what one host does not make no other keeps.
 */
export function placeAsks(
  store: Store,
  clock: Clock,
  decide: (fleet: Fleet) => readonly Ask[],
  isTogether = false,
): Promise<readonly Ask[]> {
  return retryConflicts("placement", clock, async () => {
    const turn = await store.get(TURN);
    const asks = decide(await readFleet(store));
    const revision = await store.transact({
      expect: [{ key: TURN, revision: turn?.revision ?? 0 }],
      put: [
        { key: TURN, value: { atMs: clock.nowMs() } },
        ...asks.map(putAsk),
        ...(isTogether ? putBatch(asks) : []),
      ],
    });
    return revision === undefined ? CONFLICT : asks.map((ask) => ({ ...ask, revision }));
  });
}
