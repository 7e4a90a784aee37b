import { backoffMs } from "../../core/runtime/backoff.ts";
import type { Clock } from "../../core/runtime/clock.ts";
import { errorLine } from "../../core/runtime/errors.ts";
import type { Logger } from "../../core/runtime/log.ts";
import type { DockerEngine } from "../docker/engine.ts";
import type { Ovs } from "../drivers/ovs.ts";
import type { PortState } from "../drivers/ovs-ports.ts";
import { LABEL } from "../executors/names.ts";

/** Who is told that there is cause to look. */
export interface Watched {
  poke(id: string): void;
  pokeAll(): Promise<void>;
}

/** What an engine tells may change how a machine is; the rest (exec, health …) does not. */
const ACTIONS = ["start", "die", "destroy", "update"];
const RETRY = { firstMs: 500, longestMs: 30_000 } as const;
/** A change of the switch comes in several updates. */
const SETTLE_MS = 100;

/** Follows the engine's events until `signal`. What happened while nobody listened is found by looking at everything. */
export async function followEngine(
  { docker, clock }: { readonly docker: DockerEngine; readonly clock: Clock },
  watched: Watched,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    try {
      const events = await docker.events(LABEL.machine, ACTIONS, signal);
      if (failures > 0) log.info({}, "docker answers again");
      failures = 0;
      await watched.pokeAll();
      for await (const { labels } of events) watched.poke(labels[LABEL.machine] ?? "");
    } catch (error) {
      if (signal.aborted) return;
      if (failures === 0) log.warn({ problem: errorLine(error) }, "docker does not tell its events");
    }
    await clock.sleep(backoffMs(RETRY, ++failures, undefined, Math.random()), signal);
  }
}

/** Follows the switch's database until `signal`: a port of ours that has changed is cause to look at its machine. */
export async function followSwitch(
  { ovs, clock }: { readonly ovs: Ovs; readonly clock: Clock },
  watched: Watched,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  let ports = printPorts(ovs.listOurPorts());
  let isConnected = ovs.db.isConnected;
  let wake = (): void => {};
  const stop = ovs.db.onChange(() => wake());
  signal.addEventListener("abort", () => wake());
  while (!signal.aborted) {
    const { promise, resolve } = promiseWithResolver();
    wake = resolve;
    if (ovs.db.isConnected !== isConnected) {
      isConnected = ovs.db.isConnected;
      // What is wrong with the store meanwhile is for the timer to tell; this goes on listening.
      if (isConnected)
        await watched
          .pokeAll()
          .catch((error) => log.warn({ problem: errorLine(error) }, "not everything can be looked at yet"));
    }
    const now = printPorts(ovs.listOurPorts());
    for (const id of changedIds(ports, now)) watched.poke(id);
    ports = now;
    await promise;
    await clock.sleep(SETTLE_MS, signal);
  }
  stop();
}

/** By the machine they belong to. */
function printPorts(ports: readonly PortState[]): ReadonlyMap<string, string> {
  return new Map(ports.map((port) => [port.owner.id, JSON.stringify(port)]));
}

/** Those that are not as they were, or not there any more; a new one is its maker's. */
export function changedIds(
  before: ReadonlyMap<string, string>,
  now: ReadonlyMap<string, string>,
): readonly string[] {
  return [...before.keys()].filter((id) => before.get(id) !== now.get(id));
}

function promiseWithResolver(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
