import { specsOf } from "../ct/request.ts";
import { type FoundMachine, listMachines } from "../machines/machines.ts";
import type { Entry, Store } from "../store/types.ts";
import { type Ask, listAsks } from "./asks.ts";
import { decodeBeat, decodeFacts, decodeOrder, HOSTS } from "./documents.ts";
import { addRoom, NO_ROOM, roomOf } from "./room.ts";
import type { FleetHost, HostState, Room } from "./types.ts";

export interface Fleet {
  /** By name. */
  readonly hosts: readonly FleetHost[];
  readonly machines: readonly FoundMachine[];
}

/** Of a machine that is there, or on its way to a host. */
interface Claim {
  readonly host: string;
  readonly name: string;
  readonly room: Room;
}

/**
 * All hosts of a store, and what is promised on each. What is asked of hosts is read before the machines: what
 * has become one between the two is seen twice then, and counted once, and never missed.
 */
export async function readFleet(store: Store): Promise<Fleet> {
  const asks = await listAsks(store);
  const machines = await listMachines(store);
  const { entries } = await store.list(HOSTS);
  const claims = [
    ...machines.map(({ host, machine }) => ({ host, name: machine.name, room: roomOf(machine) })),
    ...asks.flatMap((ask) => claimsOf(ask, machines)),
  ];
  const names = entries.filter(({ key }) => key.endsWith("/facts")).map(({ key }) => key.split("/")[1] ?? "");
  return { hosts: names.map((name) => decodeHost(store, entries, name, claims)), machines };
}

/** What an ask will take of its host; nothing where it is only a question, or answered. */
function claimsOf({ host, request, state, wants }: Ask, machines: readonly FoundMachine[]): readonly Claim[] {
  if (wants !== "operation" || (state !== "asked" && state !== "taken")) return [];
  if (request.kind === "create")
    return specsOf(request, Number.POSITIVE_INFINITY).map(({ name, cpus, memoryBytes, disk }) => ({
      ...{ host, name },
      room: { cpus, memoryBytes, diskBytes: disk.bytes },
    }));
  if (request.kind !== "evacuate") return [];
  return machines
    .filter(({ machine }) => request.names.includes(machine.name))
    .map(({ machine }) => ({ host, name: machine.name, room: roomOf(machine) }));
}

function decodeHost(
  store: Store,
  entries: readonly Entry[],
  name: string,
  claims: readonly Claim[],
): FleetHost {
  const find = (part: string): Entry | undefined =>
    entries.find(({ key }) => key === `${HOSTS}${name}/${part}`);
  const [facts, beat, order] = [find("facts"), find("beat"), find("order")];
  const report = beat && decodeBeat(store, beat);
  const own = new Map(claims.filter(({ host }) => host === name).map((claim) => [claim.name, claim.room]));
  return {
    ...decodeFacts(store, facts ?? { key: `${HOSTS}${name}/facts`, value: undefined }),
    state: stateOf(order && decodeOrder(store, order).state, report !== undefined),
    seenMs: report?.atMs,
    running: new Set(report?.running),
    images: report?.images ?? [],
    used: [...own.values()].reduce(addRoom, NO_ROOM),
    machines: own.size,
  };
}

/** What is fenced may report, and is fenced all the same; what drains and does not report is lost. */
function stateOf(ordered: "draining" | "fenced" | undefined, reports: boolean): HostState {
  if (ordered === "fenced") return "fenced";
  return reports ? (ordered ?? "ready") : "lost";
}
