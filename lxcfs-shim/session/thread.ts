import { type MessagePort, Worker } from "node:worker_threads";
import { PlimsollError } from "../../core/runtime/errors.ts";
import type { Logger, LogLevel } from "../../core/runtime/log.ts";
import { openDevFuseTransport } from "../transport/dev-fuse.ts";
import { Counters } from "./counters.ts";
import { LateReplies } from "./late-replies.ts";
import type { Agreement } from "./session.ts";
import type { ServeMessage, ThreadData, ThreadMessage } from "./thread-messages.ts";

export interface ThreadOptions {
  /** A module that calls `serveInThread`. */
  readonly module: URL;
  /** Structured-clone data for that module. */
  readonly options: unknown;
  readonly log: Logger;
  readonly logLevel: LogLevel;
  /** Ports among the options, which move to the thread. */
  readonly transfer?: readonly MessagePort[];
}

/** A thread that serves one mount. Once it does, it cannot be stopped but by taking its mount away. */
export interface ServingThread {
  readonly counters: Counters;
  /** It can be mounted for. */
  readonly loaded: Promise<void>;
  /** Hands over the mounted device; resolves once INIT is answered, with its outcome. */
  serve(message: ServeMessage): Promise<Agreement>;
  /** How it ended: undefined when its mount was taken away, otherwise why it died. Never rejects. */
  readonly ended: Promise<unknown>;
  /** For one that has not been given a descriptor. */
  terminate(): void;
}

/** What a request allocates is dead when it is answered: a small nursery stays in the CPU's cache and out of our memory. */
const RESOURCE_LIMITS = { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 64 };

/** Starts the thread. `loaded` and `serve` reject when it ends before they are through. */
export function startThread({ module, options, log, logLevel, transfer = [] }: ThreadOptions): ServingThread {
  const counters = new Counters();
  const workerData: ThreadData = { logLevel, counters: counters.memory, options };
  const worker = new Worker(module, {
    workerData,
    transferList: [...transfer],
    resourceLimits: RESOURCE_LIMITS,
  });
  let isUnmounted = false;
  let late: LateReplies | undefined;
  worker.on("message", (message: ThreadMessage) => {
    if (message.kind === "late") late?.send(message.reply, message.delayMs);
    if (message.kind === "log") log[message.level](message.fields, message.message);
    if (message.kind === "unmounted") isUnmounted = true;
  });
  const ended = new Promise<unknown>((resolve) => {
    worker.once("error", (error) => {
      late?.close();
      resolve(error);
    });
    worker.once("exit", () => {
      late?.close();
      resolve(isUnmounted ? undefined : new Error("it ended with its mount in place"));
    });
  });
  const loaded = firstMessage(worker, "loaded", ended);
  const ready = firstMessage(worker, "ready", ended);
  return {
    counters,
    loaded: loaded.then(() => {}),
    serve: (message) => {
      worker.postMessage(message);
      late = new LateReplies(openDevFuseTransport(message.device));
      return ready.then(({ agreement }) => agreement);
    },
    ended,
    terminate: () => void worker.terminate(),
  };
}

function firstMessage<Kind extends ThreadMessage["kind"]>(
  worker: Worker,
  kind: Kind,
  ended: Promise<unknown>,
): Promise<Extract<ThreadMessage, { kind: Kind }>> {
  const isWanted = (message: ThreadMessage): message is Extract<ThreadMessage, { kind: Kind }> =>
    message.kind === kind;
  const first = new Promise<Extract<ThreadMessage, { kind: Kind }>>((resolve, reject) => {
    worker.on("message", (message: ThreadMessage) => {
      if (isWanted(message)) resolve(message);
    });
    void ended.then((cause) =>
      reject(new PlimsollError("THREAD", "the serving thread ended early", { cause })),
    );
  });
  first.catch(() => {}); // told to whoever awaits it
  return first;
}
