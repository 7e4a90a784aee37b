import { once } from "node:events";
import { connect } from "node:net";
import type { Clock } from "../../../core/runtime/clock.ts";
import { PlimsollError } from "../../../core/runtime/errors.ts";
import { startProcess } from "../../../core/runtime/exec.ts";
import { type Address, renderAddress } from "./address.ts";
import { configOf, registryArgv } from "./argv.ts";
import type { Replica, ServerSpec } from "./declaration.ts";
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

/** Resolves when it takes connections. */
export async function startRegistry(
  spec: ServerSpec,
  replica: Replica,
  mode: ReplicaMode,
  clock: Clock,
): Promise<RunningRegistry> {
  const argv = await registryArgv(spec, "serve", configOf(spec, mode));
  const env = { REGISTRY_HTTP_ADDR: listenAddress(spec, replica), OTEL_TRACES_EXPORTER: "none" };
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
  while (!(await takesConnections(replica))) {
    if (hasEnded) throw new PlimsollError("REGISTRY", `${spec.program} ended at its start`);
    if (clock.monotonicMs() > deadline) {
      await stop();
      throw new PlimsollError("REGISTRY", `${renderAddress(replica)} takes no connections`);
    }
    await clock.sleep(50);
  }
  return { mode, hasEnded: () => hasEnded, stop };
}

export function takesConnections({ host, port }: Address): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 1000 });
    const settle = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("connect", () => settle(true));
    socket.once("timeout", () => settle(false));
    socket.once("error", () => settle(false));
  });
}
