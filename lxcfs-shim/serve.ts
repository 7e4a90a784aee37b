import { extname } from "node:path";
import { MessageChannel, type MessagePort } from "node:worker_threads";
import { type HostRoot, openHostRoot } from "../core/kernel/host-root.ts";
import { systemClock } from "../core/runtime/clock.ts";
import { environmentVariable } from "../core/runtime/config.ts";
import { PlimsollError } from "../core/runtime/errors.ts";
import { exec } from "../core/runtime/exec.ts";
import type { Logger } from "../core/runtime/log.ts";
import { openLogger } from "../core/runtime/logger.ts";
import { type ServedMount, serveMount } from "./serve-mount.ts";
import { readServeOptions, type ServeFlags } from "./serve-options.ts";
import type { ShimThreadOptions } from "./serve-worker.ts";
import type { LoadMessage, WatchMessage } from "./view/load-averages.ts";
import { openLoadSampler } from "./view/load-sampler.ts";
import { openCensus } from "./view/task-census.ts";

/** Beside this file, compiled or not. */
const WORKER_MODULE = new URL(`./serve-worker${extname(import.meta.url)}`, import.meta.url);

/** `plimsoll-shim serve`: returns when `signal` has aborted and nothing of it is left. */
export async function serve(flags: ServeFlags, signal: AbortSignal): Promise<void> {
  const { mount, logLevel } = await readServeOptions(flags);
  requireRoot();
  const log = openLogger("plimsoll-shim", logLevel);
  const root = openHostRoot();
  const { port1, port2 } = new MessageChannel();
  const stopSampling = sampleLoads(root, port1, log);
  let served: ServedMount | undefined;
  try {
    await serveMount(
      {
        root,
        directory: mount,
        module: WORKER_MODULE,
        moduleOptions: { loadPort: port2 } satisfies ShimThreadOptions,
        transfer: [port2],
        log,
        logLevel,
        onReady: async (ready) => {
          served = ready;
          const { mountPoint, connection, protocol } = ready;
          log.info({ mountPoint, connection, protocol }, "ready");
          await tellSystemd(log);
        },
      },
      signal,
    );
    log.info({ reason: signal.reason, operations: served?.readCounts() }, "stopped");
  } finally {
    await stopSampling();
  }
}

function requireRoot(): void {
  if (process.getuid?.() === 0) return;
  throw new PlimsollError(
    "NOT_ROOT",
    "plimsoll-shim serve needs root: it mounts, and looks into every container",
  );
}

/** Load averages have to be sampled while nobody reads: this thread does it. Failing costs the samples, not the service. */
function sampleLoads(root: HostRoot, port: MessagePort, log: Logger): () => Promise<void> {
  const stop = new AbortController();
  const send = (message: LoadMessage): void => port.postMessage(message);
  const sampler = openLoadSampler({ census: openCensus(root), clock: systemClock, send });
  port.on("message", (message: WatchMessage) => sampler.watch(message));
  const running = sampler.run(stop.signal).catch((error: unknown) => {
    log.error({ err: error }, "load averages are no longer sampled");
  });
  return async () => {
    stop.abort();
    await running;
    port.close();
  };
}

/** Type=notify, NotifyAccess=all: the command is a child of ours. */
async function tellSystemd(log: Logger): Promise<void> {
  if (environmentVariable("NOTIFY_SOCKET") === undefined) return;
  try {
    await exec(["systemd-notify", "--ready"]);
  } catch (error) {
    log.warn({ err: error }, "systemd not told of readiness");
  }
}
