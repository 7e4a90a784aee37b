import { expect, test } from "vitest";
import { checkNetwork } from "../../../../../provisioner/host/checks/network.ts";
import type { NetworkStatus } from "../../../../../provisioner/host/status.ts";
import { checkContext, commands } from "../../../../support/check-context.ts";

const TOOLS = commands({
  "ovs-ofctl": "ovs-ofctl (Open vSwitch) 3.1.0\n",
  "ovs-dpctl": "",
  arping: "arping from iputils 20221126\n",
});

const check = async (network: NetworkStatus | { readonly problem: string }): Promise<string[]> => {
  const { status } = checkContext({});
  const findings = await checkNetwork(checkContext({ run: TOOLS, status: { ...status, network } }));
  return findings.map(({ state, what }) => `${state}: ${what}`);
};

test("tools, bridge and each NIC of the bond", async () => {
  const nic = { hasCarrier: true, isActive: false, problem: undefined };
  const members = [
    { ...nic, name: "eno1", isActive: true },
    { ...nic, name: "eno2" },
    { ...nic, name: "eno3", hasCarrier: false },
    { ...nic, name: "eno4", problem: "No such device" },
  ];

  expect(await check({ bridge: "br0", datapath: "system", bond: { name: "bond0", members } })).toEqual([
    "ok: Open vSwitch: 3.1.0",
    "ok: address probes: 20221126",
    expect.stringMatching(/^note: veth cards: .*command not found/),
    "ok: kernel datapath: openvswitch module",
    "ok: bridge br0, datapath system",
    "ok: NIC eno1 has carrier, and is active",
    "ok: NIC eno2 has carrier",
    "wrong: NIC eno3 has no carrier",
    "wrong: NIC eno4: No such device",
  ]);
});

test("a bridge without a way out, and none", async () => {
  expect((await check({ bridge: "br0", datapath: "netdev" })).at(-1)).toBe(
    "note: the bridge has no bond: machines reach those of this host only",
  );
  expect((await check({ problem: "gone" })).at(-1)).toBe("wrong: gone");
});
