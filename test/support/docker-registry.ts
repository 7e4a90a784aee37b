import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Cleanup } from "./cleanup.ts";
import { freePort } from "./free-port.ts";
import { type RunningProgram, startProgram } from "./run-program.ts";
import { waitFor } from "./wait-for.ts";

export interface PrivateRegistry {
  readonly url: string;
  /** `127.0.0.1:port`. */
  readonly host: string;
  readonly program: RunningProgram;
  /** After `program` has ended: the same data on the same port. */
  restart(): Promise<PrivateRegistry>;
}

/** Debian's docker-registry (Distribution 2.8) on loopback, its data in a temporary folder; `more` of its configuration. */
export async function startDockerRegistry(cleanup: Cleanup, more: object = {}): Promise<PrivateRegistry> {
  return startOn(cleanup, cleanup.temporaryFolder(), await freePort(), more);
}

async function startOn(
  cleanup: Cleanup,
  folder: string,
  port: number,
  more: object,
): Promise<PrivateRegistry> {
  const data = join(folder, "data");
  mkdirSync(data, { recursive: true });
  const configuration = {
    version: "0.1",
    log: { level: "error", accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: data }, delete: { enabled: true } },
    http: { addr: `127.0.0.1:${port}`, secret: "shared by replicas", relativeurls: true },
    ...more,
  };
  const file = join(folder, "config.yml");
  writeFileSync(file, JSON.stringify(configuration)); // JSON is YAML
  const program = startProgram(cleanup, ["docker-registry", "serve", file]);
  const url = `http://127.0.0.1:${port}`;
  const isUp = (): Promise<boolean> =>
    fetch(`${url}/v2/`).then(
      ({ ok }) => ok,
      () => false,
    );
  await waitFor("docker-registry", isUp, 30_000);
  return {
    url,
    host: `127.0.0.1:${port}`,
    program,
    restart: () => startOn(cleanup, folder, port, more),
  };
}
