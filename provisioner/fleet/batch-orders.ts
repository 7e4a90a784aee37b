import { NotFoundError } from "../../core/runtime/errors.ts";
import { EventLog } from "../events/event-log.ts";
import { CONFLICT, retryConflicts } from "../store/optimistic.ts";
import type { Store } from "../store/types.ts";
import { type BatchView, viewBatch } from "./batch-views.ts";
import { BATCHES, type Batch, decodeBatch, findBatch, judgeBatch, removeBatch } from "./batches.ts";
import { readFleet } from "./hosts.ts";
import type { Orderer } from "./orders.ts";

/** Creations on several hosts that are not over. */
export async function listBatches(store: Store): Promise<readonly BatchView[]> {
  const { entries } = await store.list(BATCHES);
  const { hosts } = await readFleet(store);
  const judged = await Promise.all(entries.map((entry) => judgeBatch(store, decodeBatch(store, entry))));
  return judged.map((batch) => viewBatch(batch, hosts));
}

/** Throws NotFoundError. */
export async function readBatch(
  store: Store,
  id: string,
): Promise<{ readonly batch: Batch; readonly view: BatchView }> {
  const batch = await findBatch(store, id);
  if (batch === undefined)
    throw new NotFoundError(`batch ${id}: not found, or over`, { hint: "plimsoll ct batches" });
  return { batch, view: viewBatch(await judgeBatch(store, batch), (await readFleet(store)).hosts) };
}

/** Nobody waits for a host of it any more; what it has made stays. As it is in the moment it is ended. */
export function endBatch({ store, clock, by }: Orderer, id: string): Promise<BatchView> {
  return retryConflicts(`batch ${id}`, clock, async () => {
    const { batch, view } = await readBatch(store, id);
    if (!(await removeBatch(store, batch))) return CONFLICT;
    const text = `its batch was ended, said on ${by}`;
    const names = view.parts.flatMap(({ state, machines }) => (state === "nothing" ? [] : machines));
    await new EventLog(store, clock, by).add(
      ...names.map((name) => ({ kind: "create", state: "left", name, text })),
    );
    return view;
  });
}
