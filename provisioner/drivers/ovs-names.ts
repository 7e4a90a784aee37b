import { PlimsollError } from "../../core/runtime/errors.ts";

/** IFNAMSIZ without its final zero byte (linux/if.h). Open vSwitch takes longer names and then has no device. */
const MAX_NAME_BYTES = 15;

/** Checks the name of a bridge, a bond or a port: it is a network device's name and an argument of commands. */
export function requireDeviceName(name: string): void {
  if (/^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(name) && name.length <= MAX_NAME_BYTES) return;
  throw invalid(
    `${JSON.stringify(name)} is not a device name`,
    "1 to 15 letters, digits, dots, hyphens, underscores",
  );
}

/** 1 to 4094; 0 would be "untagged", 4095 is reserved (IEEE 802.1Q). */
export function requireVlan(vlan: number): void {
  if (Number.isInteger(vlan) && vlan >= 1 && vlan <= 4094) return;
  throw invalid(`${vlan} is not a VLAN`, "1 to 4094");
}

/** A unicast address, in lower case as the kernel shows it. */
export function requireMac(mac: string): void {
  const isUnicast = (Number.parseInt(mac.slice(0, 2), 16) & 1) === 0;
  if (/^[\da-f]{2}(:[\da-f]{2}){5}$/.test(mac) && isUnicast) return;
  throw invalid(
    `${JSON.stringify(mac)} is not a unicast MAC address`,
    "like 02:00:0a:0a:00:01, in lower case",
  );
}

function invalid(message: string, hint: string): PlimsollError {
  return new PlimsollError("OVS_INVALID", message, { hint });
}
