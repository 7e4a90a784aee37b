import { type Exec, exec } from "../../core/runtime/exec.ts";

/** The container's wire: a veth pair, one end on the host, the other `eth0` inside. */
export interface Link {
  /** Name of the host's end, at most 15 bytes (IFNAMSIZ). */
  readonly hostInterface: string;
  readonly address: string;
  readonly gateway: string;
  readonly prefixLength: number;
}

/**
 * Creates the host's end with its address, so that a service can listen there before any container
 * exists. The other end waits beside it under a name of its own until `connectLink` moves it.
 */
export async function createLink(link: Link, run: Exec = exec): Promise<void> {
  await run(["ip", "link", "add", link.hostInterface, "type", "veth", "peer", "name", peerOf(link)]);
  await run(["ip", "address", "add", `${link.gateway}/${link.prefixLength}`, "dev", link.hostInterface]);
  await run(["ip", "link", "set", link.hostInterface, "up"]);
}

/** Moves the free end into the network namespace of `pid` and brings it up as eth0, with the default route. */
export async function connectLink(link: Link, pid: number, run: Exec = exec): Promise<void> {
  const inside = ["nsenter", "--target", String(pid), "--net", "--", "ip"];
  await run(["ip", "link", "set", peerOf(link), "netns", String(pid), "name", "eth0"]);
  await run([...inside, "link", "set", "lo", "up"]);
  await run([...inside, "address", "add", `${link.address}/${link.prefixLength}`, "dev", "eth0"]);
  await run([...inside, "link", "set", "eth0", "up"]);
  await run([...inside, "route", "add", "default", "via", link.gateway]);
}

/** Deletes the pair, wherever its other end is. One that is not there is fine. */
export async function removeLink(hostInterface: string, run: Exec = exec): Promise<void> {
  const { stdout } = await run(["ip", "-o", "link", "show"]);
  const names = stdout.split("\n").map((line) => /^\d+: ([^:@]+)/.exec(line)?.[1]);
  if (names.includes(hostInterface)) await run(["ip", "link", "delete", hostInterface]);
}

function peerOf(link: Link): string {
  return `${link.hostInterface}p`;
}
