import type { Clock } from "../../core/runtime/clock.ts";
import { NotFoundError, PlimsollError } from "../../core/runtime/errors.ts";
import { EventLog } from "../events/event-log.ts";
import { CONFLICT, retryConflicts } from "../store/optimistic.ts";
import type { Store } from "../store/types.ts";
import { BEAT_SECONDS, beatKey, decodeOrder, factsKey, type Order, orderKey } from "./documents.ts";

/** What somebody orders, and where they are. */
export interface Orderer {
  readonly store: Store;
  readonly clock: Clock;
  /** The name of the host they are on. */
  readonly by: string;
}

export interface FoundOrder extends Order {
  readonly revision: number;
}

export async function findOrder(store: Store, host: string): Promise<FoundOrder | undefined> {
  const entry = await store.get(orderKey(host));
  return entry && { ...decodeOrder(store, entry), revision: entry.revision };
}

/** Whether this host's daemon may start anything. In a store of one host nobody can say that it may not. */
export async function isFenced(store: Store, host: string): Promise<boolean> {
  return store.isShared && (await findOrder(store, host))?.state === "fenced";
}

/** Throws where an operator has said that this host is off. */
export async function refuseFenced(store: Store, host: string): Promise<void> {
  if (await isFenced(store, host))
    throw new PlimsollError("FENCED", `host ${host}: is fenced: its machines may be elsewhere`, {
      hint: `plimsoll host readmit ${host}`,
    });
}

/** It keeps its machines, and gets no more. */
export function drainHost(orderer: Orderer, host: string): Promise<Order> {
  return giveOrder(orderer, host, "draining", async (order) => {
    if (order?.state === "fenced")
      throw new PlimsollError("FENCED", `host ${host}: is fenced, which is more than draining`);
  });
}

/**
 * An operator says that a host is off, or cut from network and store for good: from here on its daemon
 * starts nothing, and its machines may be made elsewhere. Throws while it reports: it is not off then.
 */
export function fenceHost(orderer: Orderer, host: string): Promise<Order> {
  return giveOrder(orderer, host, "fenced", async (order) => {
    const isFencedAlready = order?.state === "fenced";
    if (!isFencedAlready && (await orderer.store.get(beatKey(host))) !== undefined)
      throw new PlimsollError("ALIVE", `host ${host}: its daemon reports, so it is not off`, {
        hint: `end it, wait ${BEAT_SECONDS} s, then again; plimsoll host drain ${host} only keeps machines away`,
      });
  });
}

/** It is as any other again: what is still its own goes on there. False where nothing was ordered. */
export async function readmitHost(orderer: Orderer, host: string): Promise<boolean> {
  const { store, clock } = orderer;
  await requireHost(store, host);
  const isEnded = await retryConflicts(`host ${host}`, clock, async () => {
    const order = await findOrder(store, host);
    if (order === undefined) return false;
    const key = orderKey(host);
    const revision = await store.transact({
      expect: [{ key, revision: order.revision }],
      remove: [key],
    });
    return revision === undefined ? CONFLICT : true;
  });
  if (isEnded) await record(orderer, host, "readmit");
  return isEnded;
}

async function giveOrder(
  orderer: Orderer,
  host: string,
  state: Order["state"],
  check: (before: Order | undefined) => Promise<void>,
): Promise<Order> {
  const { store, clock, by } = orderer;
  await requireHost(store, host);
  let isNew = false;
  const given = await retryConflicts(`host ${host}`, clock, async () => {
    const before = await findOrder(store, host);
    await check(before);
    if (before?.state === state) return before;
    const order: Order = { state, sinceMs: clock.nowMs(), by };
    const key = orderKey(host);
    const revision = await store.transact({
      // One that reports again meanwhile is not off.
      expect: [
        { key, revision: before?.revision ?? 0 },
        ...(state === "fenced" ? [{ key: beatKey(host), revision: 0 }] : []),
      ],
      put: [{ key, value: order }],
    });
    isNew = revision !== undefined;
    return isNew ? order : CONFLICT;
  });
  if (isNew) await record(orderer, host, state === "fenced" ? "fence" : "drain");
  return given;
}

/** In that host's history: the order itself is gone once it is ended. */
function record({ store, clock, by }: Orderer, host: string, kind: string): Promise<void> {
  return new EventLog(store, clock, host).add({ kind, state: "done", text: `said on ${by}` });
}

async function requireHost(store: Store, host: string): Promise<void> {
  if ((await store.get(factsKey(host))) === undefined)
    throw new NotFoundError(`host ${host}: not in the fleet`, { hint: "plimsoll host list" });
}
