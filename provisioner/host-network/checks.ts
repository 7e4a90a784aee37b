import { PlimsollError } from "../../core/runtime/errors.ts";
import { type Exec, exec } from "../../core/runtime/exec.ts";
import { detectDatapath } from "../drivers/ovs.ts";

/** One thing the host's network needs, for `plimsoll host doctor`. */
export interface HostCheck {
  readonly name: string;
  readonly isMet: boolean;
  /** What was found, or what is used instead. */
  readonly detail: string;
  readonly hint?: string;
}

interface Tool {
  readonly name: string;
  readonly argv: readonly string[];
  /** The version, in what the command prints. */
  readonly version: RegExp;
  readonly package: string;
  readonly why: string;
}

const TOOLS: readonly Tool[] = [
  {
    name: "Open vSwitch",
    argv: ["ovs-ofctl", "--version"],
    version: /\(Open vSwitch\) (\S+)/,
    package: "openvswitch-switch",
    why: "ports, VLANs and anti-spoofing",
  },
  {
    // Node has no raw sockets. The arping of the package `arping` is another program with other options.
    name: "address probes",
    argv: ["arping", "-V"],
    version: /arping from iputils (\S+)/,
    package: "iputils-arping",
    why: "no address is given out that something on the wire already has",
  },
  {
    name: "veth cards",
    argv: ["ethtool", "--version"],
    version: /ethtool version (\S+)/,
    package: "ethtool",
    why: "checksums of veth cards on the userspace datapath",
  },
];

export async function checkHostNetwork(run: Exec = exec): Promise<readonly HostCheck[]> {
  const tools = await Promise.all(TOOLS.map((tool) => checkTool(tool, run)));
  return [...tools, await checkDatapath(run)];
}

async function checkTool(tool: Tool, run: Exec): Promise<HostCheck> {
  const { name, argv, why } = tool;
  const hint = `apt-get install ${tool.package}`;
  try {
    const { stdout, stderr } = await run(argv, { okCodes: [0, 1, 2] });
    const version = tool.version.exec(stdout + stderr)?.[1];
    if (version !== undefined) return { name, isMet: true, detail: version };
    return { name, isMet: false, detail: `another ${argv[0]}; needed so that ${why}`, hint };
  } catch (error) {
    if (!(error instanceof PlimsollError)) throw error;
    return { name, isMet: false, detail: `${error.message}; for ${why}`, hint };
  }
}

async function checkDatapath(run: Exec): Promise<HostCheck> {
  const name = "kernel datapath";
  try {
    const isKernel = (await detectDatapath(run)) === "system";
    if (isKernel) return { name, isMet: true, detail: "openvswitch module" };
    const detail =
      "the userspace datapath is used instead: slower, and cards are lost when ovs-vswitchd restarts";
    return { name, isMet: false, detail, hint: "modprobe openvswitch" };
  } catch (error) {
    if (!(error instanceof PlimsollError)) throw error;
    return { name, isMet: false, detail: error.message, hint: "apt-get install openvswitch-switch" };
  }
}
