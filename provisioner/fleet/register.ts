import { existsSync, readFileSync } from "node:fs";
import { hostname, totalmem } from "node:os";
import type { Clock } from "../../core/runtime/clock.ts";
import { errorLine, PlimsollError } from "../../core/runtime/errors.ts";
import type { Logger } from "../../core/runtime/log.ts";
import { LATE, withPatience } from "../../core/runtime/patience.ts";
import { packageVersion } from "../../core/runtime/version.ts";
import { onlineCpus } from "../ct/online-cpus.ts";
import type { DockerEngine } from "../docker/engine.ts";
import { LABEL } from "../executors/names.ts";
import type { HostConfig } from "../host/config.ts";
import { readStorage } from "../host/status.ts";
import { renderCpuset } from "../machines/cpus.ts";
import type { Store } from "../store/types.ts";
import {
  BEAT_EVERY_MS,
  BEAT_SECONDS,
  type Beat,
  beatKey,
  decodeBeat,
  encodeFacts,
  factsKey,
} from "./documents.ts";
import type { HostFacts } from "./types.ts";

/** An engine that hangs does not make its host lost. */
const ENGINE_MS = 3000;

/** What this host is, as its configuration says and, where that does not, as it is found. */
export async function readFacts(config: HostConfig): Promise<HostFacts> {
  const { name, address, labels, capacity } = config;
  const online = onlineCpus();
  return {
    ...{ name, address, labels },
    capacity: {
      cpus: capacity.cpus ?? online.length,
      memoryBytes: capacity.memoryBytes ?? totalmem(),
      diskBytes: capacity.diskBytes ?? (await readStorage(config)).bytes,
    },
    online: renderCpuset(online),
    version: packageVersion(),
  };
}

/** Two machines of one name would each take the other's containers for its own. */
export async function refuseNamesake(
  store: Store,
  name: string,
  machine: string = machineId(),
): Promise<void> {
  const entry = await store.get(beatKey(name));
  if (entry === undefined || decodeBeat(store, entry).machine === machine) return;
  throw new PlimsollError("NAME_TAKEN", `host ${name}: another machine reports under this name`, {
    hint: "name: in host.yaml; it must be this host's alone, and must not change",
  });
}

/** As systemd has it; the host name, where there is none. */
function machineId(): string {
  const path = "/etc/machine-id";
  return (existsSync(path) && readFileSync(path, "utf8").trim()) || hostname();
}

/** Tells the fleet that this host is there, until `signal`. It goes on while the store does not answer. */
export async function keepRegistered(
  parts: { readonly store: Store; readonly clock: Clock; readonly docker: DockerEngine },
  config: HostConfig,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  let isWell = true;
  for (let last: Pick<Beat, "running" | "images"> = { running: [], images: [] }; !signal.aborted; ) {
    try {
      last = (await readEngine(parts.docker)) ?? last;
      const beat = { ...last, atMs: parts.clock.nowMs(), machine: machineId() };
      await register(parts.store, await readFacts(config), beat);
      isWell = true;
    } catch (error) {
      if (isWell) log.warn({ problem: errorLine(error) }, "the fleet is not told that this host is there");
      isWell = false;
    }
    await parts.clock.sleep(BEAT_EVERY_MS, signal);
  }
}

/** Facts are written when they have changed, so that who watches hosts is not woken by each beat. */
export async function register(store: Store, facts: HostFacts, beat: Beat): Promise<void> {
  const key = factsKey(facts.name);
  const value = encodeFacts(facts);
  const isNew = JSON.stringify((await store.get(key))?.value) !== JSON.stringify(value);
  await store.transact({
    expect: [],
    put: [
      { key: beatKey(facts.name), value: beat, seconds: BEAT_SECONDS },
      ...(isNew ? [{ key, value }] : []),
    ],
  });
}

/** Undefined when the engine does not answer: what it said last is as good as can be had. */
async function readEngine(docker: DockerEngine): Promise<Pick<Beat, "running" | "images"> | undefined> {
  const asked = Promise.all([docker.listContainers(LABEL.generation), docker.listImages()]).catch(
    (): typeof LATE => LATE,
  );
  const found = await withPatience(asked, ENGINE_MS);
  if (found === LATE) return undefined;
  const [containers, images] = found;
  const running = containers.filter(({ isRunning }) => isRunning);
  return { running: running.map(({ labels }) => labels[LABEL.machine] ?? ""), images };
}
