import { extname } from "node:path";
import { MessageChannel, type MessagePort } from "node:worker_threads";
import { type HostRoot, openHostRoot } from "../core/kernel/host-root.ts";
import { bug, PlimsollError } from "../core/runtime/errors.ts";
import type { LogFields, Logger } from "../core/runtime/log.ts";
import { openLogger } from "../core/runtime/logger.ts";
import { tellSystemdReady } from "../core/runtime/systemd.ts";
import { namedMount } from "./by-name/named-mount.ts";
import { collectGarbage } from "./collect-garbage.ts";
import { ReadStatistics } from "./file-system/read-statistics.ts";
import { COUNTED_FILES } from "./file-system/tree.ts";
import { readOwnStatus } from "./operate/own-status.ts";
import { openStatusSocket, statusSocketPath } from "./operate/status-socket.ts";
import { endHeldMount, type ServedMount } from "./serve-mount.ts";
import { type MountOptions, serveMounts } from "./serve-mounts.ts";
import { serveNative } from "./serve-native.ts";
import { readServeOptions, type ServeFlags, type ServeOptions } from "./serve-options.ts";
import type { ShimThreadOptions } from "./serve-worker.ts";
import { bootClock } from "./succession/boot-clock.ts";
import { type Held, type HeldMounts, heldDescriptors, holderEnd, tellHolder } from "./succession/held.ts";
import { hasEnded } from "./succession/inheritance.ts";
import { openNotebook } from "./succession/notebook.ts";
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
  if (flags.end && held !== undefined) {
    for (const each of [held.named, held.callers]) await endHeldMount(root, each, log);
  } else if (transport.kind === "fuse-native")
    await serveOneContainer(root, options, transport.containerPid, log, signal);
  else await serveContainers(root, options, held, log, signal);
}

/** Every container at once: the view follows from who reads, or from the name in the path. */
async function serveContainers(
  root: HostRoot,
  options: ServeOptions,
  held: HeldMounts | undefined,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  const { freshnessMs, logLevel, recovery, view: viewOptions, names } = options;
  if (held !== undefined && options.containersMount !== undefined) refuseSpentDevice(held.named);
  const holder = held && process.ppid;
  const ending = holder === undefined ? signal : AbortSignal.any([signal, holderEnd(holder)]);
  const statistics = new ReadStatistics(COUNTED_FILES);
  const { port1, port2 } = new MessageChannel();
  const stopChores = startChores(root, port1, log);
  const common = { root, log, logLevel, wishes: { mayResend: recovery === "resend" } };
  const callers: MountOptions = {
    ...common,
    directory: options.mount,
    held: held?.callers,
    module: WORKER_MODULE,
    moduleOptions: {
      loadPort: port2,
      viewOptions,
      freshnessMs,
      statistics: statistics.memory,
    } satisfies ShimThreadOptions,
    transfer: [port2],
  };
  const named =
    options.containersMount === undefined
      ? undefined
      : namedMount({
          ...common,
          directory: options.containersMount,
          held: held?.named,
          namesDirectory: names,
          viewOptions,
          freshnessMs,
        });
  let served: readonly ServedMount[] = [];
  let closeSocket = (): void => {};
  const onReady = async (ready: readonly ServedMount[]): Promise<void> => {
    served = ready;
    if (holder !== undefined) tellHolder(holder);
    if (named === undefined && held !== undefined) await endTakenBack(root, held.named, log);
    const [mount = bug("ready without a mount"), byName] = ready;
    const self = { root, mount, holder, freshnessMs, statistics };
    const status = () =>
      readOwnStatus({ ...self, named: byName && named && { mount: byName, ...named.readFigures() } });
    closeSocket = await openStatusSocket(statusSocketPath(mount.connection), status, log);
    const { mountPoint, connection, protocol, generation } = mount;
    const containersMount = byName?.mountPoint;
    await announce(log, {
      mountPoint,
      containersMount,
      transport: "dev-fuse",
      connection,
      protocol,
      generation,
    });
  };
  try {
    await serveMounts([callers, ...(named === undefined ? [] : [named.mount])], onReady, ending);
    log.info({ reason: ending.reason, operations: served[0]?.readCounts() }, "stopped");
  } finally {
    closeSocket();
    await stopChores();
  }
}

/** What a predecessor served by name. Not before that is killed: it would end with its mount, and take the other one along. */
async function endTakenBack(root: HostRoot, named: Held, log: Logger): Promise<void> {
  try {
    await endHeldMount(root, named, log);
  } catch (error) {
    log.error({ err: error }, "mount by name cannot be ended");
  }
}

function refuseSpentDevice(named: Held): void {
  if (!hasEnded(openNotebook(named.books))) return;
  throw new PlimsollError("SPENT", "the mount by name was taken back, and this holder cannot make another", {
    hint: "stop the shim and start it, or leave the option out",
  });
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
function startChores(root: HostRoot, port: MessagePort, log: Logger): () => Promise<void> {
  const stop = new AbortController();
  const send = (message: LoadMessage): void => port.postMessage(message);
  const sampler = openLoadSampler({ census: openCensus(root), clock: bootClock, send });
  port.on("message", (message: WatchMessage) => sampler.watch(message));
  const running = sampler.run(stop.signal).catch((error: unknown) => {
    log.error({ err: error }, "load averages are no longer sampled");
  });
  const collecting = collectGarbage(bootClock, stop.signal);
  return async () => {
    stop.abort();
    await Promise.all([running, collecting]);
    port.close();
  };
}
