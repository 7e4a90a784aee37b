import { type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import { openHostRoot } from "../core/kernel/host-root.ts";
import { ReadStatistics } from "./file-system/read-statistics.ts";
import { openShimFileSystem } from "./file-system/shim-file-system.ts";
import { COUNTED_FILES } from "./file-system/tree.ts";
import { readLinux32Cpuinfo } from "./linux32-cpuinfo.ts";
import { serveInThread } from "./session/in-thread.ts";
import { bootClock } from "./succession/boot-clock.ts";
import type { LoadChannel } from "./view/load-averages.ts";
import type { ViewOptions } from "./view/view-options.ts";

/** What serve.ts gives the thread that answers readers. */
export interface ShimThreadOptions {
  /** To the sampler of load averages. */
  readonly loadPort: MessagePort;
  readonly viewOptions: ViewOptions;
  readonly freshnessMs: number;
  /** ReadStatistics' memory. */
  readonly statistics: SharedArrayBuffer;
}

// Before this thread serves, and has an event loop no more. Without await at the top: the bundle is CommonJS.
void readLinux32Cpuinfo().then((linux32Cpuinfo) =>
  serveInThread<ShimThreadOptions>(({ options: { loadPort, statistics, ...options }, log, notebook }) =>
    openShimFileSystem({
      root: openHostRoot(),
      log,
      clock: bootClock,
      notebook,
      linux32Cpuinfo,
      ...options,
      statistics: new ReadStatistics(COUNTED_FILES, statistics),
      loadChannel: channelOf(loadPort),
    }),
  ),
);

function channelOf(port: MessagePort): LoadChannel {
  return {
    send: (message) => port.postMessage(message),
    poll: () => receiveMessageOnPort(port)?.message,
  };
}
