import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { bug } from "../../core/runtime/errors.ts";
import { LOG_LEVELS, type Logger, type LogLevel } from "../../core/runtime/log.ts";
import type { FileSystem } from "../fuse/operation.ts";
import { openInFlight } from "../succession/in-flight.ts";
import { bequeath } from "../succession/inheritance.ts";
import { type Notebook, openNotebook } from "../succession/notebook.ts";
import { openDevFuseTransport } from "../transport/dev-fuse.ts";
import { Counters } from "./counters.ts";
import { runSession } from "./session.ts";
import type { ServeMessage, ThreadData, ThreadMessage } from "./thread-messages.ts";

export interface ThreadContext<Options> {
  readonly options: Options;
  readonly log: Logger;
  /** What the predecessor left, and what is left to the successor. */
  readonly notebook: Notebook;
}

/**
 * The body of a worker module: waits for the mounted device, opens the file system, serves it and
 * ends with it. From then on this thread blocks in read(2) and has no event loop: no timer, no promise, no message.
 */
export function serveInThread<Options>(open: (context: ThreadContext<Options>) => FileSystem): void {
  const port = parentPort ?? bug("a serving thread has to be a worker");
  const { logLevel, counters, options } = workerData as ThreadData;
  const post = (message: ThreadMessage): void => port.postMessage(message);
  const log = portLogger(port, logLevel);
  port.once("message", ({ device, books, mount, inherited, wishes }: ServeMessage) => {
    const notebook = openNotebook(books);
    runSession({
      transport: openDevFuseTransport(device),
      fileSystem: open({ options: options as Options, log, notebook }),
      inFlight: books && openInFlight(books),
      inherited,
      wishes,
      sendLater: (reply, delayMs) => post({ kind: "late", reply: new Uint8Array(reply), delayMs }),
      counters: new Counters(counters),
      log,
      traceOperations: logLevel === "trace",
      onReady: (agreement) => {
        bequeath(notebook, { ...mount, ...agreement });
        post({ kind: "ready", agreement });
      },
    });
    post({ kind: "unmounted" });
  });
  post({ kind: "loaded" });
}

/** Lines go to the main thread's logger. What cannot be sent there (a function in the fields …) goes as text. */
function portLogger(port: MessagePort, lowest: LogLevel): Logger {
  const methods = LOG_LEVELS.map((level, rank): [LogLevel, Logger[LogLevel]] => {
    if (rank > LOG_LEVELS.indexOf(lowest)) return [level, () => {}];
    return [
      level,
      (fields, message) => {
        const line = { kind: "log", level, fields, message } as const;
        try {
          port.postMessage(line);
        } catch {
          port.postMessage({ ...line, fields: { fields: String(fields) } });
        }
      },
    ];
  });
  return Object.fromEntries(methods) as unknown as Logger;
}
