import type { Clock } from "../../core/runtime/clock.ts";
import { errorLine } from "../../core/runtime/errors.ts";
import { findLease } from "../machines/lease.ts";
import { readNetwork } from "../networks/networks.ts";
import type { Store } from "../store/types.ts";
import type { Ask } from "./asks.ts";
import { Errand } from "./errand.ts";
import { asksOf, planEvacuation } from "./evacuation.ts";
import { type EvacuationView, viewMove } from "./evacuation-views.ts";
import { readFleet } from "./hosts.ts";
import { placeAsks } from "./place.ts";
import type { Refusal } from "./placement.ts";

/** What hosts are asked to make, and what none has room for. */
export interface PlacedEvacuation {
  readonly asks: readonly Ask[];
  readonly refused: readonly Refusal[];
}

/** One host's part, as it has begun or was refused. */
export interface BegunPart {
  readonly host: string;
  /** Of the operation there. */
  readonly id: string;
  readonly machines: readonly string[];
  /** Why that host does not do it. */
  readonly error: string | null;
}

/** What would be made where; nothing is changed. Throws unless the host is fenced. */
export async function previewEvacuation(store: Store, from: string): Promise<EvacuationView> {
  const { moves, refused } = planEvacuation(await readFleet(store), from);
  const views = moves.map(async (move) => {
    const { machine } = move.found;
    const { network } = await readNetwork(store, machine.network);
    return viewMove(move, (await findLease(store, network, machine.id))?.address);
  });
  return { from, moves: await Promise.all(views), refused };
}

/** Chooses the hosts anew, and asks them. Throws unless the host is fenced. */
export async function placeEvacuation(store: Store, clock: Clock, from: string): Promise<PlacedEvacuation> {
  let refused: readonly Refusal[] = [];
  const asks = await placeAsks(store, clock, (fleet) => {
    const planned = planEvacuation(fleet, from);
    refused = planned.refused;
    return asksOf(planned);
  });
  return { asks, refused };
}

/** Once each host has its part in its journal, or does not do it. Throws where that is so of all of them. */
export async function untilBegun(
  store: Store,
  clock: Clock,
  asks: readonly Ask[],
  signal: AbortSignal,
): Promise<readonly BegunPart[]> {
  const settled = await Promise.allSettled(
    asks.map((ask) => new Errand(store, clock, ask, SILENT).begun(signal)),
  );
  const refusals = settled.filter((each) => each.status === "rejected");
  const [first] = refusals;
  if (first !== undefined && refusals.length === asks.length) throw first.reason;
  return asks.map(({ host, id, request }, at): BegunPart => {
    const ending = settled[at];
    const error = ending?.status === "rejected" ? errorLine(ending.reason) : null;
    return { host, id, machines: request.kind === "create" ? [] : request.names, error };
  });
}

const SILENT = { begin: () => {}, done: () => {} };
