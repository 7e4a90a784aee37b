import { PlimsollError } from "../../core/runtime/errors.ts";
import type { Lease } from "../addresses/types.ts";
import type { Host } from "../host/host.ts";
import { findLease } from "../machines/lease.ts";
import { readNetwork } from "../networks/networks.ts";
import type { MachineRef } from "../step/steps.ts";

export async function leaseOf(host: Host, name: string, { id }: MachineRef): Promise<Lease | undefined> {
  const { network } = await readNetwork(host.store, name);
  return findLease(host.store, network, id);
}

/** Throws when the machine holds no address of the network. */
export async function requireLease(host: Host, network: string, machine: MachineRef): Promise<Lease> {
  const lease = await leaseOf(host, network, machine);
  if (lease !== undefined) return lease;
  throw new PlimsollError("ADDRESS", `container ${machine.name}: holds no address of network ${network}`);
}
