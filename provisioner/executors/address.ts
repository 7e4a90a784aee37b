import { PlimsollError } from "../../core/runtime/errors.ts";
import { reserveAddresses } from "../addresses/reserve.ts";
import { bindAddress as bind, releaseAddress as release, reportConflict } from "../addresses/transitions.ts";
import { beginAnnouncing, type ProbeResult, probeAddress as probe } from "../drivers/arp.ts";
import type { Attachment } from "../drivers/ovs-attachments.ts";
import type { Host } from "../host/host.ts";
import { parseIpv4 } from "../networks/ipv4.ts";
import { ADDRESS_CONFLICT } from "../operations/run.ts";
import type { MachineRef } from "../step/steps.ts";
import { linkSpecOf, requireCard } from "./card-of.ts";
import { leaseOf, requireLease } from "./lease-of.ts";
import type { Executor } from "./types.ts";

export const reserveAddress: Executor<"reserveAddress"> = async ({ machine, network, address }, host) => {
  const wanted = address === undefined ? undefined : parseIpv4(address);
  await reserveAddresses(host.store, host.clock, network, [{ owner: machine.id, address: wanted }]);
};

export const releaseAddress: Executor<"releaseAddress"> = async ({ machine, network }, host) => {
  const lease = await leaseOf(host, network, machine);
  if (lease !== undefined) await release(host.store, host.clock, lease);
};

export const bindAddress: Executor<"bindAddress"> = async ({ machine, network }, host) => {
  await bind(host.store, host.clock, await requireLease(host, network, machine));
};

/** An address that has not been used yet is asked for as soon as there is a card to ask from. */
export async function beginProbing(
  host: Host,
  machine: MachineRef,
  network: string,
  { namespace, inside }: Attachment,
): Promise<void> {
  const { address, state } = await requireLease(host, network, machine);
  if (state === "bound") return;
  host.probes.begin(machine.id, address, () => probe(namespace, inside, address, host.config.probe));
}

/** Asked from the machine's own card, on its own VLAN, before the card has the address (RFC 5227). */
export const probeAddress: Executor<"probeAddress"> = async ({ machine, network }, host) => {
  const card = await requireCard(host, machine, network);
  const lease = await requireLease(host, network, machine);
  const ask = async (): Promise<ProbeResult> => {
    const link = await host.links.find(card.namespace, card.inside);
    // Set already, by a step whose journal was not written: nobody answers to their own question.
    if (link?.addresses.some((address) => address.startsWith(`${lease.address}/`))) return {};
    return probe(card.namespace, card.inside, lease.address, host.config.probe);
  };
  const { takenBy } = await host.probes.take(machine.id, lease.address, ask);
  if (takenBy === undefined) return;
  await host.attachments.unplug([card]);
  // Of one that has lived it stays the address, whoever has it now.
  if (lease.state === "bound")
    throw new PlimsollError("ADDRESS", `address ${lease.address}: still in use by ${takenBy}`, {
      hint: "the host that it is taken from is not off",
    });
  await reportConflict(host.store, host.clock, lease, takenBy);
  throw new PlimsollError(ADDRESS_CONFLICT, `address ${lease.address}: in use by ${takenBy}`, {
    hint: `plimsoll net clear ${network} ${lease.address} once that one is gone`,
  });
};

export const setAddress: Executor<"setAddress"> = async ({ machine, network }, host) => {
  const card = await requireCard(host, machine, network);
  const [address = ""] = card.addresses;
  await host.links.configure(card.namespace, card.inside, await linkSpecOf(host, network, address));
  beginAnnouncing(card.namespace, card.inside, address);
};
