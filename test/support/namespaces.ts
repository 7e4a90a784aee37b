import type { Exec } from "../../core/runtime/exec.ts";

/** The devices of a namespace: name and MAC address. */
export type Devices = Readonly<Record<string, string>>;

/**
 * `nsenter --net=PATH -- COMMAND …` for namespaces that are only told: observing answers with their
 * devices, what would change them is recorded as `PATH: line`.
 */
export function toldNamespaces(namespaces: Readonly<Record<string, Devices>>): {
  readonly changes: string[];
  readonly run: Exec;
} {
  const changes: string[] = [];
  const run: Exec = async ([enter, net = "", , command, ...args], options = {}) => {
    const path = net.replace("--net=", "");
    const devices = namespaces[path];
    if (enter !== "nsenter" || devices === undefined) throw new Error(`unexpected: ${enter} ${net}`);
    const lines = (options.input ?? "").trimEnd().split("\n");
    if (args[0] === "-json") return { stdout: `${renderDevices(devices)}\n[]\n`, stderr: "", code: 0 };
    changes.push(
      ...(command === "ip" ? lines : [`${command} ${args.join(" ")}`]).map((line) => `${path}: ${line}`),
    );
    const failed = lines.findIndex((line) => line.includes("broken")) + 1;
    if (failed === 0) return { stdout: "", stderr: "", code: 0 };
    return { stdout: "", stderr: `RTNETLINK answers: broken\nCommand failed -:${failed}\n`, code: 1 };
  };
  return { changes, run };
}

function renderDevices(devices: Devices): string {
  return JSON.stringify(
    Object.entries(devices).map(([ifname, address]) => ({
      ifname,
      address,
      mtu: 1500,
      flags: ["UP", "LOWER_UP"],
      addr_info: [],
    })),
  );
}
