import type { Finding } from "../../../core/runtime/finding.ts";
import type { BondMember } from "../../drivers/ovs-bonds.ts";
import { checkHostNetwork } from "../../host-network/checks.ts";
import { type Check, finding, wrong } from "./finding.ts";

/** Without these no card is plugged; for the rest something else is used. */
const NEEDED = ["Open vSwitch", "address probes"];

/** Tools and datapath, the bridge, and its way out. */
export const checkNetwork: Check = async ({ run, status: { network } }) => {
  const checks = await checkHostNetwork(run);
  const tools = checks.map(({ name, isMet, detail, hint }): Finding => {
    if (isMet) return { state: "ok", what: `${name}: ${detail}` };
    const state = NEEDED.includes(name) ? "wrong" : "note";
    return { state, what: `${name}: ${detail}`, ...(hint === undefined ? {} : { hint }) };
  });
  if (network.problem !== undefined) return [...tools, wrong(network)];
  const bridge: Finding = { state: "ok", what: `bridge ${network.bridge}, datapath ${network.datapath}` };
  return [...tools, bridge, ...findUplink(network.bond?.members)];
};

function findUplink(members: readonly BondMember[] | undefined): readonly Finding[] {
  if (members !== undefined) return members.map(findMember);
  const what = "the bridge has no bond: machines reach those of this host only";
  return [{ state: "note", what, hint: "name its NICs as bond in host.yaml" }];
}

function findMember({ name, hasCarrier, isActive, problem }: BondMember): Finding {
  if (problem !== undefined) return { state: "wrong", what: `NIC ${name}: ${problem}` };
  return finding(hasCarrier, `NIC ${name} has carrier${isActive ? ", and is active" : ""}`, {
    state: "wrong",
    what: `NIC ${name} has no carrier`,
    hint: "look at its cable and its switch",
  });
}
