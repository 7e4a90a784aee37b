import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Cleanup } from "./cleanup.ts";
import { freePort } from "./free-port.ts";
import { fetchThere, LOOPBACK, type Place } from "./place.ts";
import { type RunningProgram, startProgram } from "./run-program.ts";
import { waitFor } from "./wait-for.ts";

export interface PrivateRegistry {
  readonly url: string;
  /** `address:port`. */
  readonly host: string;
  readonly program: RunningProgram;
  /** After `program` has ended: the same data on the same port. */
  restart(): Promise<PrivateRegistry>;
}

/** Debian's docker-registry (Distribution 2.8), on loopback unless told, its data in a temporary folder; `more` of its configuration. */
export async function startDockerRegistry(
  cleanup: Cleanup,
  more: object = {},
  place: Place = LOOPBACK,
): Promise<PrivateRegistry> {
  return startOn(cleanup, { folder: cleanup.temporaryFolder(), port: await freePort(), place }, more);
}

interface Seat {
  readonly folder: string;
  readonly port: number;
  readonly place: Place;
}

async function startOn(cleanup: Cleanup, seat: Seat, more: object): Promise<PrivateRegistry> {
  const { folder, port, place } = seat;
  const host = `${place.address}:${port}`;
  const data = join(folder, "data");
  mkdirSync(data, { recursive: true });
  const configuration = {
    version: "0.1",
    log: { level: "error", accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: data }, delete: { enabled: true } },
    http: { addr: host, secret: "shared by replicas", relativeurls: true },
    ...more,
  };
  const file = join(folder, "config.yml");
  writeFileSync(file, JSON.stringify(configuration)); // JSON is YAML
  const program = startProgram(cleanup, [...place.inside, "docker-registry", "serve", file]);
  const url = `http://${host}`;
  await waitFor("docker-registry", async () => (await fetchThere(place, `${url}/v2/`)) === "{}", 30_000);
  return { url, host, program, restart: () => startOn(cleanup, seat, more) };
}
