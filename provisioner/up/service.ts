import type { ChildProcess } from "node:child_process";
import { Readable } from "node:stream";
import { PlimsollError, UsageError } from "../../core/runtime/errors.ts";
import { startProcess } from "../../core/runtime/exec.ts";
import { LATE, withPatience } from "../../core/runtime/patience.ts";
import { EXIT } from "../../core/runtime/program.ts";
import { followLastWords } from "../last-words.ts";

const READY_PATIENCE_MS = 20_000;
const STOP_PATIENCE_MS = 8000;
/** What a program said last is still on its way when it has ended. */
const LAST_WORDS_PATIENCE_MS = 500;

/** A program of ours that runs beside us until it is stopped. */
export interface Service {
  readonly name: string;
  readonly pid: number;
  /** Resolves with the reason when the program ends, for whatever reason. */
  readonly ended: Promise<string>;
  stop(): Promise<void>;
}

/**
 * Starts a program and waits for its log line `"msg":"ready"`. Throws with the program's own last
 * words when it ends before. It is in a process group of its own: a Ctrl-C at the terminal reaches
 * only us, and we end our services in order. `onLine` sees every line of its log.
 */
export async function startService(
  name: string,
  argv: readonly string[],
  onLine: (line: string) => void = () => {},
): Promise<Service> {
  const child = startProcess(argv, { stdio: ["ignore", "ignore", "pipe"], detached: true });
  const { promise: ready, resolve: becomeReady } = promiseWithResolver();
  const lastWords = followLastWords(child.stderr ?? Readable.from([]), (line) => {
    onLine(line);
    if (line.includes('"msg":"ready"')) becomeReady();
  });
  const ended = endOf(child, lastWords);
  const service: Service = { name, pid: child.pid ?? 0, ended, stop: () => stop(child, ended) };
  const failure = await withPatience(Promise.race([ready, ended]), READY_PATIENCE_MS);
  if (failure === undefined) return service;
  await service.stop();
  const message = `${name}: ${failure === LATE ? "is not ready in time" : failure}`;
  if (child.exitCode === EXIT.usage) throw new UsageError(message);
  throw new PlimsollError("SERVICE", message);
}

/**
 * When the program has ended, and what to tell of it. A process it leaves behind may keep its standard
 * error open: that is not waited for.
 */
function endOf(child: ChildProcess, lastWords: () => string): Promise<string> {
  return new Promise((resolve) => {
    const closed = new Promise((settle) => child.once("close", settle));
    child.once("error", (error) => resolve(error.message));
    child.once("exit", async (code, signal) => {
      await withPatience(closed, LAST_WORDS_PATIENCE_MS);
      resolve(lastWords() || `ended with ${signal ?? `exit code ${code}`}`);
    });
  });
}

function promiseWithResolver(): { readonly promise: Promise<undefined>; readonly resolve: () => void } {
  let resolve = (): void => {};
  const promise = new Promise<undefined>((settle) => {
    resolve = () => settle(undefined);
  });
  return { promise, resolve };
}

async function stop(child: ChildProcess, ended: Promise<string>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  child.kill("SIGTERM");
  if ((await withPatience(ended, STOP_PATIENCE_MS)) !== LATE) return;
  process.kill(-child.pid, "SIGKILL"); // its group: the program may be several processes
  await ended;
}
