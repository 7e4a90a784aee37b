import { expect, test } from "vitest";
import { PlimsollError } from "../../../../core/runtime/errors.ts";
import type { Exec } from "../../../../core/runtime/exec.ts";
import { checkHostNetwork } from "../../../../provisioner/host-network/checks.ts";

const OUTPUT: Readonly<Record<string, string>> = {
  "ovs-ofctl": "ovs-ofctl (Open vSwitch) 3.1.0\nOpenFlow versions 0x1:0x6\n",
  arping: "arping from iputils 20221126\nlibcap: yes\n",
  ethtool: "ethtool version 6.1\n",
};

const check = async (
  output: Readonly<Record<string, string>>,
  dpctlCode: number | undefined,
): Promise<unknown> => {
  const run: Exec = async ([command = ""]) => {
    const missing = new PlimsollError("EXEC_MISSING", `${command}: command not found`);
    if (command === "ovs-dpctl" && dpctlCode !== undefined)
      return { stdout: "", stderr: "", code: dpctlCode };
    const stdout = output[command];
    if (stdout === undefined) throw missing;
    return { stdout, stderr: "", code: 0 };
  };
  return (await checkHostNetwork(run)).map(({ name, isMet, detail, hint }) => [name, isMet, detail, hint]);
};

test("a host that has everything", async () => {
  expect(await check(OUTPUT, 0)).toEqual([
    ["Open vSwitch", true, "3.1.0", undefined],
    ["address probes", true, "20221126", undefined],
    ["veth cards", true, "6.1", undefined],
    ["kernel datapath", true, "openvswitch module", undefined],
  ]);
});

test("a host that lacks everything, or has the other arping", async () => {
  expect(await check({ arping: "ARPing 2.23, by Thomas Habets\n" }, undefined)).toEqual([
    [
      "Open vSwitch",
      false,
      "ovs-ofctl: command not found; for ports, VLANs and anti-spoofing",
      "apt-get install openvswitch-switch",
    ],
    [
      "address probes",
      false,
      "another arping; needed so that no address is given out that something on the wire already has",
      "apt-get install iputils-arping",
    ],
    [
      "veth cards",
      false,
      "ethtool: command not found; for checksums of veth cards on the userspace datapath",
      "apt-get install ethtool",
    ],
    ["kernel datapath", false, "ovs-dpctl: command not found", "apt-get install openvswitch-switch"],
  ]);
});

test("without the kernel's module the userspace datapath is used", async () => {
  expect(await check(OUTPUT, 1)).toContainEqual([
    "kernel datapath",
    false,
    "the userspace datapath is used instead: slower, and cards are lost when ovs-vswitchd restarts",
    "modprobe openvswitch",
  ]);
});
