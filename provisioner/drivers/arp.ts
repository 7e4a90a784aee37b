/*
 * ARPING 10.10.0.1 from 0.0.0.0 eth0
 * Unicast reply from 10.10.0.1 [02:00:0A:0A:00:01]  0.865ms
 * Sent 1 probes (1 broadcast(s))
 * Received 1 response(s)
 *
 * arping(8) of iputils. Node has no raw sockets.
 */
import { PlimsollError } from "../../core/runtime/errors.ts";
import { type Exec, exec, startProcess } from "../../core/runtime/exec.ts";
import type { NamespacePath } from "./links.ts";

/**
 * How thoroughly an address is asked for. `rfc5227` sends the three probes of RFC 5227 §2.1.1 a second
 * apart; arping(8) listens for one second after the last, where the RFC has two. `fast` sends one.
 */
export type ProbeMode = "fast" | "rfc5227";

/** `{}` when nobody answered for the address, otherwise who did. */
export interface ProbeResult {
  readonly takenBy?: string;
}

const PROBES: Readonly<Record<ProbeMode, { readonly count: number; readonly seconds: number }>> = {
  fast: { count: 1, seconds: 1 },
  rfc5227: { count: 3, seconds: 3 },
};

/**
 * Asks whether an address is in use, before it is: the device is up and does not have it. An answer
 * ends it within milliseconds, silence takes the whole time.
 */
export async function probeAddress(
  namespace: NamespacePath,
  device: string,
  address: string,
  mode: ProbeMode,
  run: Exec = exec,
): Promise<ProbeResult> {
  const { count, seconds } = PROBES[mode];
  const options = ["-D", "-c", `${count}`, "-w", `${seconds}`];
  const { code, stdout, stderr } = await run(arping(namespace, device, address, options), {
    okCodes: [0, 1, 2],
  });
  const takenBy = parseReply(stdout);
  if (takenBy !== undefined) return { takenBy };
  if (code === 0) return {};
  throw new PlimsollError(
    "ARP",
    `arping ${address}: ${stderr.trim().split("\n").at(-1) || `exit code ${code}`}`,
  );
}

/** Asks who has an address that is another's, from a device with one of its own. */
export async function askForAddress(
  namespace: NamespacePath,
  device: string,
  address: string,
  mode: ProbeMode,
  run: Exec = exec,
): Promise<ProbeResult> {
  const { count, seconds } = PROBES[mode];
  const argv = arping(namespace, device, address, ["-f", "-c", `${count}`, "-w", `${seconds}`]);
  const takenBy = parseReply((await run(argv, { okCodes: [0, 1] })).stdout);
  return takenBy === undefined ? {} : { takenBy };
}

/** Tells the neighbours where an address that the device has is now: two announcements, RFC 5227 §2.3. */
export async function announceAddress(
  namespace: NamespacePath,
  device: string,
  address: string,
  run: Exec = exec,
): Promise<void> {
  await run(arping(namespace, device, address, ["-U", "-c", "2"]));
}

/**
 * As `announceAddress`, without waiting: the first announcement is out at once, the second a second
 * later. Nobody is told of a failure: an announcement is a courtesy to caches.
 */
export function beginAnnouncing(namespace: NamespacePath, device: string, address: string): void {
  const argv = arping(namespace, device, address, ["-U", "-c", "2"]);
  const child = startProcess(argv, { stdio: "ignore", detached: true });
  child.once("error", () => {});
  child.unref();
}

/** The MAC address of the first reply. */
export function parseReply(text: string): string | undefined {
  return /^(?:Unicast|Broadcast) (?:reply|request) from \S+ \[([\dA-Fa-f:]{17})\]/m
    .exec(text)?.[1]
    ?.toLowerCase();
}

function arping(
  namespace: NamespacePath,
  device: string,
  address: string,
  options: readonly string[],
): readonly string[] {
  return ["nsenter", `--net=${namespace}`, "--", "arping", ...options, "-I", device, address];
}
