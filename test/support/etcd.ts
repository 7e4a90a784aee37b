import { join } from "node:path";
import type { Cleanup } from "./cleanup.ts";
import { freePort } from "./free-port.ts";
import { type RunningProgram, startProgram } from "./run-program.ts";
import { waitFor } from "./wait-for.ts";

export interface PrivateEtcd {
  /** `127.0.0.1:port` of its client side. */
  readonly endpoint: string;
  /** A store of its own in it, for `openStore` and `--store`. */
  storeUrl(folder: string): string;
  readonly program: RunningProgram;
  /** After `program` has ended: the same data on the same port. */
  restart(): Promise<PrivateEtcd>;
}

/** Starts a real etcd of the test's own, on loopback, its data in a temporary folder. */
export async function startEtcd(cleanup: Cleanup): Promise<PrivateEtcd> {
  return startMember(cleanup, join(cleanup.temporaryFolder(), "etcd"), await freePort(), await freePort());
}

async function startMember(
  cleanup: Cleanup,
  folder: string,
  clientPort: number,
  peerPort: number,
): Promise<PrivateEtcd> {
  const client = `http://127.0.0.1:${clientPort}`;
  const peer = `http://127.0.0.1:${peerPort}`;
  const program = startProgram(cleanup, [
    "etcd",
    ...["--name", "one", "--data-dir", folder, "--log-level", "error"],
    ...["--listen-client-urls", client, "--advertise-client-urls", client],
    ...["--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer],
    ...["--initial-cluster", `one=${peer}`],
  ]);
  await waitFor("etcd", () => isHealthy(client), 30_000);
  return {
    endpoint: `127.0.0.1:${clientPort}`,
    storeUrl: (name) => `etcd+${client}/${name}`,
    program,
    restart: () => startMember(cleanup, folder, clientPort, peerPort),
  };
}

async function isHealthy(url: string): Promise<boolean> {
  const answer = await fetch(`${url}/health`).catch(() => undefined);
  return answer?.ok === true && (await answer.text()).includes('"true"');
}
