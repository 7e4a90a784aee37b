import type { ChildProcess } from "node:child_process";
import { Readable } from "node:stream";
import { PlimsollError } from "../../core/runtime/errors.ts";
import { startProcess } from "../../core/runtime/exec.ts";
import { followLastWords } from "../last-words.ts";
import { LATE, withPatience } from "../patience.ts";

const READY_PATIENCE_MS = 20_000;
const STOP_PATIENCE_MS = 8000;

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
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("close", (code, signal) =>
      resolve(lastWords() || `ended with ${signal ?? `exit code ${code}`}`),
    );
  });
  const service: Service = { name, pid: child.pid ?? 0, ended, stop: () => stop(child, ended) };
  const failure = await withPatience(Promise.race([ready, ended]), READY_PATIENCE_MS);
  if (failure === undefined) return service;
  await service.stop();
  throw new PlimsollError("SERVICE", `${name}: ${failure === LATE ? "is not ready in time" : failure}`);
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
  child.kill("SIGKILL");
  await ended;
}
