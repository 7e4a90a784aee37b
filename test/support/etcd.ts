import { join } from "node:path";
import type { Cleanup } from "./cleanup.ts";
import { freePort } from "./free-port.ts";
import { fetchThere, LOOPBACK, type Place } from "./place.ts";
import { type RunningProgram, startProgram } from "./run-program.ts";
import { waitFor } from "./wait-for.ts";

export interface PrivateEtcd {
  /** `address:port` of its client side. */
  readonly endpoint: string;
  /** A store of its own in it, for `openStore` and `--store`. */
  storeUrl(folder: string): string;
  readonly program: RunningProgram;
  /** After `program` has ended: the same data on the same port. */
  restart(): Promise<PrivateEtcd>;
}

/** Starts a real etcd of the test's own, on loopback unless told, its data in a temporary folder. */
export async function startEtcd(cleanup: Cleanup, place: Place = LOOPBACK): Promise<PrivateEtcd> {
  const folder = join(cleanup.temporaryFolder(), "etcd");
  return startMember(cleanup, place, folder, await freePort(), await freePort());
}

async function startMember(
  cleanup: Cleanup,
  place: Place,
  folder: string,
  clientPort: number,
  peerPort: number,
): Promise<PrivateEtcd> {
  const client = `http://${place.address}:${clientPort}`;
  const peer = `http://${place.address}:${peerPort}`;
  const program = startProgram(cleanup, [
    ...place.inside,
    "etcd",
    ...["--name", "one", "--data-dir", folder, "--log-level", "error"],
    ...["--listen-client-urls", client, "--advertise-client-urls", client],
    ...["--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer],
    ...["--initial-cluster", `one=${peer}`],
  ]);
  await waitFor("etcd", async () => (await fetchThere(place, `${client}/health`)).includes('"true"'), 30_000);
  return {
    endpoint: `${place.address}:${clientPort}`,
    storeUrl: (name) => `etcd+${client}/${name}`,
    program,
    restart: () => startMember(cleanup, place, folder, clientPort, peerPort),
  };
}
