import type { Clock } from "../../core/runtime/clock.ts";
import { NotFoundError, PlimsollError } from "../../core/runtime/errors.ts";
import { CONFLICT, retryConflicts } from "../store/optimistic.ts";
import type { Store } from "../store/types.ts";
import { decodeNetwork, encodeNetwork, NETWORKS, NEWEST, networkKey } from "./documents.ts";
import { rangeOf, renderCidr } from "./ipv4.ts";
import { differences, type Network, type NetworkSpec } from "./network.ts";
import { overlap } from "./ranges.ts";

export interface FoundNetwork {
  readonly key: string;
  readonly network: Network;
  readonly revision: number;
}

/** Throws NotFoundError. */
export async function readNetwork(store: Store, name: string): Promise<FoundNetwork> {
  const key = networkKey(name);
  const entry = await store.get(key);
  if (entry === undefined) throw new NotFoundError(`network ${name}: not found`);
  return { key, network: decodeNetwork(store, entry), revision: entry.revision };
}

/** By name. */
export async function listNetworks(store: Store): Promise<readonly Network[]> {
  const { entries } = await store.list(NETWORKS);
  return entries.map((entry) => decodeNetwork(store, entry));
}

/**
 * Makes a network, or finds that it is there just so: false. Throws when it is there otherwise, and
 * when it overlaps another: who counts machines, the collector above all, knows them by their address
 * alone, on whatever VLAN they are.
 */
export function createNetwork(store: Store, clock: Clock, spec: NetworkSpec): Promise<boolean> {
  return retryConflicts(`network ${spec.name}`, clock, async () => {
    const newest = await store.get(NEWEST);
    const { entries } = await store.list(NETWORKS);
    const networks = entries.map((entry) => ({
      network: decodeNetwork(store, entry),
      revision: entry.revision,
    }));
    const existing = networks.find(({ network }) => network.name === spec.name);
    if (existing !== undefined && isMade(existing.network, spec)) return false;
    refuseOverlap(
      spec,
      networks.map(({ network }) => network),
    );
    const made: Network = {
      ...spec,
      state: "active",
      createdMs: existing?.network.createdMs ?? clock.nowMs(),
    };
    const revision = await store.transact({
      expect: [
        { key: networkKey(spec.name), revision: existing?.revision ?? 0 },
        { key: NEWEST, revision: newest?.revision ?? 0 },
      ],
      put: [
        { key: networkKey(spec.name), value: encodeNetwork(made) },
        { key: NEWEST, value: { name: spec.name } },
      ],
    });
    return revision === undefined ? CONFLICT : true;
  });
}

/** One that was being removed may be taken back. */
function isMade(existing: Network, wanted: NetworkSpec): boolean {
  const differing = differences(existing, wanted);
  if (differing.length === 0) return existing.state === "active";
  throw new PlimsollError(
    "NETWORK_DIFFERS",
    `network ${wanted.name}: is there with ${differing.join(", ")}`,
    {
      hint: "a network does not change: remove it first, or choose another name",
    },
  );
}

function refuseOverlap(spec: NetworkSpec, networks: readonly Network[]): void {
  const other = networks.find(
    ({ name, cidr }) => name !== spec.name && overlap(rangeOf(cidr), rangeOf(spec.cidr)),
  );
  if (other === undefined) return;
  throw new PlimsollError(
    "NETWORK_OVERLAP",
    `network ${spec.name}: ${renderCidr(spec.cidr)} overlaps network ${other.name} (${renderCidr(other.cidr)}, VLAN ${other.vlan})`,
    { hint: "an address is one machine's, on all VLANs together: choose another range" },
  );
}
