import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { isIPv4 } from "node:net";
import { dirname } from "node:path";
import { PlimsollError } from "../../core/runtime/errors.ts";
import { type Exec, exec } from "../../core/runtime/exec.ts";

/** A /30: the host's end is the first address, the container's the second. */
export interface Subnet {
  readonly gateway: string;
  readonly address: string;
  readonly prefixLength: number;
}

const PREFIX_LENGTH = 30;
/** Network addresses to try, in this order (private ranges of RFC 1918 that few networks use). */
const CANDIDATES = ["10.213.77.0", "10.77.213.0", "172.31.213.0", "192.168.213.0"];

/**
 * The sample container's network: the one it had last time, as `file` remembers, so that its address
 * is permanent; the first free candidate the first time. Throws when the remembered one is now in
 * use elsewhere: an address is never changed behind its owner's back.
 */
export async function reserveSubnet(file: string, run: Exec = exec): Promise<Subnet> {
  const taken = parseRoutes((await run(["ip", "-json", "-4", "route", "show", "table", "all"])).stdout);
  const remembered = readReservation(file);
  if (remembered !== undefined) {
    if (isFree(remembered, taken)) return subnetAt(remembered);
    throw new PlimsollError(
      "ADDRESS",
      `network ${remembered}/${PREFIX_LENGTH}: the sample container's permanent network is in use`,
      {
        hint: `free it, or remove ${file} to give the container a new address`,
      },
    );
  }
  const chosen = CANDIDATES.find((candidate) => isFree(candidate, taken));
  if (chosen === undefined) {
    throw new PlimsollError(
      "ADDRESS",
      `no free network for the sample container: ${CANDIDATES.join(", ")} are all routed here`,
    );
  }
  remember(file, chosen);
  return subnetAt(chosen);
}

interface Prefix {
  readonly first: number;
  readonly last: number;
}

/** `ip -json route` → the prefixes with a route, without the default route. */
export function parseRoutes(json: string): Prefix[] {
  const routes: readonly { dst?: string }[] = JSON.parse(json || "[]");
  return routes.flatMap(({ dst = "default" }) => {
    const [address = "", length = "32"] = dst.split("/");
    return isIPv4(address) && Number(length) > 0 ? [prefixOf(address, Number(length))] : [];
  });
}

function isFree(network: string, taken: readonly Prefix[]): boolean {
  const { first, last } = prefixOf(network, PREFIX_LENGTH);
  return !taken.some((prefix) => prefix.first <= last && first <= prefix.last);
}

function prefixOf(address: string, length: number): Prefix {
  const size = 2 ** (32 - length);
  const first = Math.floor(toNumber(address) / size) * size;
  return { first, last: first + size - 1 };
}

function toNumber(address: string): number {
  return address.split(".").reduce((sum, byte) => sum * 256 + Number(byte), 0);
}

function subnetAt(network: string): Subnet {
  const [a, b, c, d] = network.split(".").map(Number);
  const host = (offset: number): string => `${a}.${b}.${c}.${(d ?? 0) + offset}`;
  return { gateway: host(1), address: host(2), prefixLength: PREFIX_LENGTH };
}

function readReservation(file: string): string | undefined {
  try {
    const { network } = JSON.parse(readFileSync(file, "utf8"));
    return typeof network === "string" && isIPv4(network) ? network : undefined;
  } catch {
    return undefined;
  }
}

/** Written aside and renamed: after a crash the file is whole or not there. */
function remember(file: string, network: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, `${JSON.stringify({ network })}\n`);
  renameSync(`${file}.new`, file);
}
