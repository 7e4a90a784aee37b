import { type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import type { HostRoot } from "../../core/kernel/host-root.ts";
import type { Clock } from "../../core/runtime/clock.ts";
import type { LoadChannel, LoadMessage, WatchMessage } from "./load-averages.ts";
import { openLoadSampler } from "./load-sampler.ts";
import { openCensus } from "./task-census.ts";

/** The serving thread's end of a MessageChannel: it sleeps in read(2), so messages wait until it looks. */
export function openLoadChannel(port: MessagePort): LoadChannel {
  return {
    send: (message) => port.postMessage(message),
    poll: () => receiveMessageOnPort(port)?.message as LoadMessage | undefined,
  };
}

export interface RunLoadSamplerOptions {
  readonly root: HostRoot;
  readonly port: MessagePort;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** The main thread's end: samples what the serving thread's readers have asked for, until `signal` aborts. */
export async function runLoadSampler({ root, port, clock, signal }: RunLoadSamplerOptions): Promise<void> {
  const sampler = openLoadSampler({
    census: openCensus(root),
    clock,
    send: (message) => port.postMessage(message),
  });
  port.on("message", (message: WatchMessage) => sampler.watch(message));
  // Waiting for readers must not keep the process alive.
  port.unref();
  try {
    await sampler.run(signal);
  } finally {
    port.close();
  }
}
