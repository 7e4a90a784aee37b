import type { BondSpec } from "../drivers/ovs-bonds.ts";
import type { HostNetworkChange, HostNetworkProblem } from "./plan.ts";

/** A change as a line for a reader. */
export function renderChange(change: HostNetworkChange): string {
  switch (change.kind) {
    case "createBridge":
      return `create bridge ${change.name}, ${change.datapath} datapath`;
    case "raiseNic":
      return `bring NIC ${change.name} up`;
    case "createBond":
      return `create bond ${change.bond.name} on ${change.bond.bridge}: ${renderBond(change.bond)}`;
    case "changeBond":
      return `change bond ${change.bond.name}: ${change.differences.join("; ")}`;
  }
}

export function renderProblem({ subject, message, hint }: HostNetworkProblem): string {
  return `${subject}: ${message}${hint === undefined ? "" : ` (hint: ${hint})`}`;
}

function renderBond({ members, primary, trunks }: BondSpec): string {
  const preferred = primary === undefined ? "" : `, ${primary} preferred`;
  return `${members.join(", ")}${preferred}, ${trunks.length === 0 ? "all VLANs" : `VLANs ${trunks.join(", ")}`}`;
}
