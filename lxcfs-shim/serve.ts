import { extname } from "node:path";
import { MessageChannel, type MessagePort } from "node:worker_threads";
import { type HostRoot, openHostRoot } from "../core/kernel/host-root.ts";
import { PlimsollError } from "../core/runtime/errors.ts";
import type { LogFields, Logger } from "../core/runtime/log.ts";
import { openLogger } from "../core/runtime/logger.ts";
import { tellSystemdReady } from "../core/runtime/systemd.ts";
import { ReadStatistics } from "./file-system/read-statistics.ts";
import { COUNTED_FILES } from "./file-system/tree.ts";
import { readOwnStatus } from "./operate/own-status.ts";
import { openStatusSocket, statusSocketPath } from "./operate/status-socket.ts";
import { endHeldMount, type ServedMount, type ServeMountOptions, serveMount } from "./serve-mount.ts";
import { serveNative } from "./serve-native.ts";
import { readServeOptions, type ServeFlags, type ServeOptions } from "./serve-options.ts";
import type { ShimThreadOptions } from "./serve-worker.ts";
import { bootClock } from "./succession/boot-clock.ts";
import { type Held, heldDescriptors, holderEnd, tellHolder } from "./succession/held.ts";
import type { LoadMessage, WatchMessage } from "./view/load-averages.ts";
import { openLoadSampler } from "./view/load-sampler.ts";
import { openCensus } from "./view/task-census.ts";

/** Beside this file, compiled or not. */
const WORKER_MODULE = new URL(`./serve-worker${extname(import.meta.url)}`, import.meta.url);

/** `plimsoll-shim serve`: returns when `signal` has aborted and nothing of it is left. */
export async function serve(flags: ServeFlags, signal: AbortSignal): Promise<void> {
  const options = await readServeOptions(flags);
  requireRoot();
  const log = openLogger("plimsoll-shim", options.logLevel);
  const root = openHostRoot();
  const { transport } = options;
  const held = flags.held ? heldDescriptors(flags.replaces) : undefined;
  if (flags.end && held !== undefined) await endHeldMount(root, held, log);
  else if (transport.kind === "fuse-native")
    await serveOneContainer(root, options, transport.containerPid, log, signal);
  else await serveCallers(root, options, held, log, signal);
}

/** Every container at once: the view follows from who reads. */
async function serveCallers(
  root: HostRoot,
  options: ServeOptions,
  held: Held | undefined,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  const { mount, view, freshnessMs, logLevel, recovery } = options;
  const holder = process.ppid;
  const ending = held === undefined ? signal : AbortSignal.any([signal, holderEnd(holder)]);
  const statistics = new ReadStatistics(COUNTED_FILES);
  const { port1, port2 } = new MessageChannel();
  const stopSampling = sampleLoads(root, port1, log);
  let served: ServedMount | undefined;
  let closeSocket = (): void => {};
  const mountOptions: ServeMountOptions = {
    root,
    directory: mount,
    module: WORKER_MODULE,
    moduleOptions: {
      loadPort: port2,
      viewOptions: view,
      freshnessMs,
      statistics: statistics.memory,
    } satisfies ShimThreadOptions,
    transfer: [port2],
    log,
    logLevel,
    held,
    mayResend: recovery === "resend",
    onReady: async (ready) => {
      served = ready;
      if (held !== undefined) tellHolder(holder);
      const { mountPoint, connection, protocol, generation } = ready;
      const self = { root, mount: ready, holder: held && holder, freshnessMs, statistics };
      const socket = statusSocketPath(connection);
      closeSocket = await openStatusSocket(socket, () => readOwnStatus(self), log);
      await announce(log, { mountPoint, transport: "dev-fuse", connection, protocol, generation });
    },
  };
  try {
    await serveMount(mountOptions, ending);
    log.info({ reason: ending.reason, operations: served?.readCounts() }, "stopped");
  } finally {
    closeSocket();
    await stopSampling();
  }
}

async function serveOneContainer(
  root: HostRoot,
  { mount, view, freshnessMs }: ServeOptions,
  containerPid: number,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  const { openShimFileSystem } = await import("./file-system/shim-file-system.ts");
  const onReady = (mountPoint: string): Promise<void> =>
    announce(log, { mountPoint, transport: "fuse-native", containerPid });
  const fileSystem = openShimFileSystem({ root, log, viewOptions: view, freshnessMs });
  await serveNative({ root, directory: mount, fileSystem, containerPid, log, onReady }, signal);
  log.info({ reason: signal.reason }, "stopped");
}

async function announce(log: Logger, fields: LogFields): Promise<void> {
  log.info(fields, "ready");
  await tellSystemdReady(log);
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
  const sampler = openLoadSampler({ census: openCensus(root), clock: bootClock, send });
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
