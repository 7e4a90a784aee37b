import { once } from "node:events";
import { chownSync, mkdirSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import type { Clock } from "../../../core/runtime/clock.ts";
import { PlimsollError } from "../../../core/runtime/errors.ts";
import { exec, startProcess } from "../../../core/runtime/exec.ts";
import type { Logger } from "../../../core/runtime/log.ts";
import { openGate } from "../gate/gate.ts";
import type { Verdicts } from "../gate/verdicts.ts";
import type { Address } from "./address.ts";
import { configOf, registryArgv, registryEnvironment } from "./argv.ts";
import type { Replica, ServerSpec } from "./declaration.ts";
import { readOwner } from "./init.ts";
import { readInput } from "./inputs.ts";
import { DRAIN_SECONDS, listenAddress } from "./render-config.ts";
import type { ReplicaMode } from "./window.ts";

const START_MS = 30_000;
/** Beyond what it gives the requests that are under way. */
const STOP_MS = (DRAIN_SECONDS + 5) * 1000;

export interface RunningRegistry {
  readonly mode: ReplicaMode;
  hasEnded(): boolean;
  stop(): Promise<void>;
}

export interface RunningContext {
  readonly clock: Clock;
  readonly log: Logger;
  /** What the declaration's policy says; undefined where it has none. */
  readonly verdicts: Verdicts | undefined;
}

/** Resolves when it takes connections. Its address is the gate's where there is a policy, and its own otherwise. */
export async function startRegistry(
  spec: ServerSpec,
  replica: Replica,
  mode: ReplicaMode,
  context: RunningContext,
): Promise<RunningRegistry> {
  const { verdicts, log, clock } = context;
  if (verdicts === undefined) return startBare(spec, mode, listenAddress(spec, replica), replica, clock);
  const socketPath = await makeSocketPath(spec, replica);
  const running = await startBare(spec, mode, socketPath, socketPath, clock);
  try {
    const tls = spec.tls && { cert: readInput(spec.tls.certificate), key: readInput(spec.tls.key) };
    const caFile = spec.storage.kind === "s3" ? spec.storage.caFile : undefined;
    const options = {
      name: spec.name,
      socketPath,
      verdicts,
      tls,
      caFile,
      log,
      drainMs: DRAIN_SECONDS * 1000,
    };
    const gate = await openGate(gateAddress(spec, replica), options);
    return { ...running, stop: () => gate.close().then(running.stop) };
  } catch (error) {
    await running.stop();
    throw error;
  }
}

/** In a folder that is its user's alone: whoever may come to it comes past the policy. */
async function makeSocketPath({ folder, user }: ServerSpec, { name }: Replica): Promise<string> {
  const inside = join(folder, `behind-${name}`);
  mkdirSync(inside, { recursive: true, mode: 0o700 });
  if (user !== undefined) {
    const { uid, gid } = await readOwner(user, exec);
    chownSync(inside, uid, gid);
  }
  const path = join(inside, "registry.socket");
  rmSync(path, { force: true }); // of one that was killed
  return path;
}

function gateAddress(spec: ServerSpec, replica: Replica): Address {
  const isEverywhere = listenAddress(spec, replica).startsWith(":");
  return { host: isEverywhere ? "" : replica.host, port: replica.port };
}

async function startBare(
  spec: ServerSpec,
  mode: ReplicaMode,
  listens: string,
  place: Address | string,
  clock: Clock,
): Promise<RunningRegistry> {
  const argv = await registryArgv(spec, "serve", configOf(spec, mode));
  const env = {
    ...registryEnvironment(spec),
    REGISTRY_HTTP_NET: typeof place === "string" ? "unix" : "tcp",
    REGISTRY_HTTP_ADDR: listens,
    OTEL_TRACES_EXPORTER: "none",
  };
  const child = startProcess(argv, { stdio: ["ignore", "inherit", "inherit"], env });
  let hasEnded = false;
  const noteEnd = (): void => {
    hasEnded = true;
  };
  const ended = once(child, "close").then(noteEnd, noteEnd); // or it could not be started
  const stop = async (): Promise<void> => {
    child.kill("SIGTERM");
    const killed = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
    await ended;
    clearTimeout(killed);
  };
  const deadline = clock.monotonicMs() + START_MS;
  while (!(await takesConnections(place))) {
    if (hasEnded) throw new PlimsollError("REGISTRY", `${spec.program} ended at its start`);
    if (clock.monotonicMs() > deadline) {
      await stop();
      throw new PlimsollError("REGISTRY", `${spec.program} takes no connections at ${listens}`);
    }
    await clock.sleep(50);
  }
  return { mode, hasEnded: () => hasEnded, stop };
}

/** An address, or the path of a socket. */
export function takesConnections(place: Address | string): Promise<boolean> {
  return new Promise((resolve) => {
    const where = typeof place === "string" ? { path: place } : { host: place.host, port: place.port };
    const socket = connect({ ...where, timeout: 1000 });
    const settle = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("connect", () => settle(true));
    socket.once("timeout", () => settle(false));
    socket.once("error", () => settle(false));
  });
}
