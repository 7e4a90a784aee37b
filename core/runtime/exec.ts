import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { childEnvironment } from "./config.ts";
import { errnoOf, PlimsollError } from "./errors.ts";

/** The only door to other programs. No shell is ever involved: a command is an argument vector. */
export type Exec = (argv: readonly string[], options?: ExecOptions) => Promise<ExecResult>;

export interface ExecOptions {
  /** Text for standard input; otherwise it is empty. */
  readonly input?: string;
  /** The command is killed after this long, 30 s unless told. */
  readonly timeoutMs?: number;
  /** Extra environment. LC_ALL is C, so that output can be parsed. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Open files of ours that the command gets as 3, 4 … */
  readonly descriptors?: readonly number[];
  /** The command is killed when it aborts. */
  readonly signal?: AbortSignal;
  /** What an error calls the command, when that is clearer than its argument vector. */
  readonly title?: string;
  /** Exit codes that are not an error, [0] unless told. */
  readonly okCodes?: readonly number[];
}

export interface ExecResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

/**
 * Runs a command to its end. Throws PlimsollError `EXEC` with the command's own last line of stderr
 * when it cannot start, is killed, times out or ends with a code not in `okCodes`.
 */
export const exec: Exec = (argv, options = {}) =>
  new Promise((resolve, reject) => {
    const { descriptors = [], env, cwd, signal: stop } = options;
    const child = startProcess(argv, { stdio: ["pipe", "pipe", "pipe", ...descriptors], env, cwd });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      child.kill("SIGKILL");
    }, options.timeoutMs ?? 30_000);
    const kill = (): void => void child.kill("SIGKILL");
    if (stop?.aborted) kill();
    stop?.addEventListener("abort", kill);
    child.stdout?.on("data", (chunk: Buffer) => out.push(chunk));
    child.stderr?.on("data", (chunk: Buffer) => err.push(chunk));
    child.stdin?.on("error", () => {}); // EPIPE: the command did not read its input, its exit code tells
    child.stdin?.end(options.input ?? "");
    child.once("error", (cause) => {
      clearTimeout(timer);
      reject(startFailure(argv, cause));
    });
    child.once("close", (code, signal) => {
      clearTimeout(timer);
      stop?.removeEventListener("abort", kill);
      const result = {
        stdout: Buffer.concat(out).toString(),
        stderr: Buffer.concat(err).toString(),
        code: code ?? -1,
      };
      if (code !== null && (options.okCodes ?? [0]).includes(code)) return resolve(result);
      reject(
        new PlimsollError(
          "EXEC",
          failureMessage(options.title ?? argv.join(" "), result, timedOut ? "timed out" : signal),
        ),
      );
    });
  });

/** Starts a long-lived child; the caller owns its life. `detached` gives it a process group of its own. */
export function startProcess(
  argv: readonly string[],
  options: {
    readonly stdio: SpawnOptions["stdio"];
    readonly env?: Readonly<Record<string, string>> | undefined;
    readonly cwd?: string | undefined;
    readonly detached?: boolean;
  },
): ChildProcess {
  const [command = "", ...rest] = argv;
  return spawn(command, rest, {
    stdio: options.stdio,
    env: childEnvironment({ LC_ALL: "C", ...options.env }),
    detached: options.detached ?? false,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
}

function startFailure(argv: readonly string[], cause: unknown): PlimsollError {
  const missing = errnoOf(cause) === "ENOENT";
  const message = `${argv[0]}: ${missing ? "command not found" : "cannot be started"}`;
  return new PlimsollError(missing ? "EXEC_MISSING" : "EXEC", message, missing ? {} : { cause });
}

function failureMessage(title: string, result: ExecResult, ending: string | null): string {
  const lines = result.stderr.trim().split("\n");
  const detail = lines.at(-1) || (ending ?? `exit code ${result.code}`);
  return `${title}: ${detail}`;
}
