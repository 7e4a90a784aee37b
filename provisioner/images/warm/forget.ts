import type { Store } from "../../store/types.ts";
import { listOrders, removeOrder, type WarmOrder } from "./documents.ts";

const DAY_MS = 86_400_000;
/** A rule has been looked at since, and did not mean the host any more: it is gone, drains, or has other labels. */
const PASSED_BY_MS = 30 * DAY_MS;
/** Nobody has looked at the rule: it is in no file any more, as far as can be known here. */
const ABANDONED_MS = 180 * DAY_MS;

/** Removes what nobody will ever take, with what was said of it. A host that comes back gets another at the next look. */
export async function forgetOrders(store: Store, nowMs: number): Promise<readonly WarmOrder[]> {
  const { orders } = await listOrders(store);
  const stale = orders.filter((order) => isStale(order, orders, nowMs));
  for (const order of stale) await removeOrder(store, order);
  return stale;
}

function isStale(order: WarmOrder, all: readonly WarmOrder[], nowMs: number): boolean {
  const ageMs = nowMs - order.orderedMs;
  const isPassedBy = all.some(({ rule, orderedMs }) => rule === order.rule && orderedMs > order.orderedMs);
  return ageMs > (isPassedBy ? PASSED_BY_MS : ABANDONED_MS);
}
