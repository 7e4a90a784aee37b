import { PlimsollError } from "../../core/runtime/errors.ts";
import { namespaceOfPid } from "../drivers/links.ts";
import type { LinkSpec } from "../drivers/links-state.ts";
import type { Attachment } from "../drivers/ovs-attachments.ts";
import type { Host } from "../host/host.ts";
import { findLease } from "../machines/lease.ts";
import { renderIpv4 } from "../networks/ipv4.ts";
import { readNetwork } from "../networks/networks.ts";
import type { MachineRef } from "../step/steps.ts";
import { holderName, INSIDE, portName } from "./names.ts";

type Attach = "internal" | "veth";

/** Of a card without an address: nobody's, and never on a wire. */
const NO_MAC = "02:00:00:00:00:00";

/** A machine's card as the drivers take it, as far as there is anything to it; of the kind it is, unless told. */
export async function cardOf(
  host: Host,
  machine: MachineRef,
  networkName: string,
  attach?: Attach,
): Promise<Attachment> {
  const { network } = await readNetwork(host.store, networkName);
  const lease = await findLease(host.store, network, machine.id);
  const holder = await host.docker.inspectContainer(holderName(machine));
  const name = portName(machine);
  const kind = attach ?? host.ovs.portState(name)?.kind ?? "internal";
  return {
    port: {
      name,
      bridge: host.config.bridge,
      kind,
      vlan: network.vlan,
      mac: lease?.mac ?? NO_MAC,
      owner: { id: machine.id, generation: lease?.generation ?? 0 },
    },
    namespace: namespaceOfPid(holder?.State?.Pid ?? 0),
    ...namesInside(host, name, kind),
    addresses: lease === undefined ? [] : [lease.address],
  };
}

/** The kernel datapath finds its internal ports by the name of the device, wherever that is: `eth0` is another name then. */
function namesInside(
  { ovs, config }: Host,
  port: string,
  kind: Attach,
): Pick<Attachment, "inside" | "alias"> {
  const bridge = ovs.bridges().find(({ name }) => name === config.bridge);
  const keepsName = kind === "internal" && bridge?.datapath === "system";
  return keepsName ? { inside: port, alias: INSIDE.card } : { inside: INSIDE.card };
}

/** As `cardOf`; throws unless it has an address, and a running holder to be in. */
export async function requireCard(
  host: Host,
  machine: MachineRef,
  network: string,
  attach?: Attach,
): Promise<Attachment> {
  const card = await cardOf(host, machine, network, attach);
  if (card.addresses.length > 0 && card.namespace !== namespaceOfPid(0)) return card;
  const what = card.addresses.length === 0 ? "address" : "running holder";
  throw new PlimsollError("CARD", `container ${machine.name}: no ${what} for its card`);
}

export async function linkSpecOf(host: Host, networkName: string, address: string): Promise<LinkSpec> {
  const { network } = await readNetwork(host.store, networkName);
  const addresses = [`${address}/${network.cidr.prefixLength}`];
  return network.gateway === undefined ? { addresses } : { addresses, gateway: renderIpv4(network.gateway) };
}
