import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { errnoOf } from "../../core/runtime/errors.ts";
import { startProcess } from "../../core/runtime/exec.ts";
import { packageDirectory } from "../../core/runtime/version.ts";
import type { Cleanup } from "./cleanup.ts";
import { waitFor } from "./wait-for.ts";

const ROOT = packageDirectory();

/** The launchers in bin/. */
export type Program = "plimsoll" | "plimsoll-agent" | "plimsoll-collector" | "plimsoll-shim";

export interface RunningProgram {
  readonly pid: number;
  /** Whole lines so far, of both streams or of one. */
  readonly lines: readonly string[];
  readonly stdout: readonly string[];
  readonly stderr: readonly string[];
  /** The first line, past or to come, that matches. Throws with the lines there are when the program ends before. */
  waitForLine(pattern: RegExp, timeoutMs?: number): Promise<string>;
  /** Exit code, or the signal's name. */
  readonly ended: Promise<number | NodeJS.Signals>;
  /** Sends a signal, SIGTERM unless told, and waits for the end. */
  stop(signal?: NodeJS.Signals): Promise<number | NodeJS.Signals>;
}

/** The argument vector of one of our programs: its launcher, on what globalSetup has built. */
export function programArgv(program: Program, ...args: readonly string[]): readonly string[] {
  return [`${ROOT}/bin/${program}`, ...args];
}

/** Starts a program and collects what it prints. `cleanup` kills it if the test did not stop it. */
export function startProgram(
  cleanup: Cleanup,
  argv: readonly string[],
  options: { readonly env?: Readonly<Record<string, string>>; readonly cwd?: string } = {},
): RunningProgram {
  const child = startProcess(argv, { stdio: ["ignore", "pipe", "pipe"], ...options });
  const lines: string[] = [];
  const stdout: string[] = [];
  const stderr: string[] = [];
  collectLines(child.stdout, lines, stdout);
  collectLines(child.stderr, lines, stderr);
  let hasEnded = false;
  const ended = once(child, "close").then(([code, signal]): number | NodeJS.Signals => {
    hasEnded = true;
    return code ?? signal;
  });
  ended.catch(() => {
    hasEnded = true; // it could not be started: whoever awaits `ended` sees why
  });
  const stop = (signal: NodeJS.Signals = "SIGTERM"): Promise<number | NodeJS.Signals> => {
    child.kill(signal);
    return ended;
  };
  cleanup.add(`process ${argv.join(" ")}`, async () => {
    if (hasEnded || child.pid === undefined) return;
    killTree(child.pid);
    for (const stream of [child.stdout, child.stderr]) stream?.destroy(); // somebody may hold their other end
    await ended;
  });
  return {
    pid: child.pid ?? 0,
    lines,
    stdout,
    stderr,
    ended,
    stop,
    waitForLine: (pattern, timeoutMs) =>
      waitFor(
        `a line ${pattern} of ${argv.join(" ")}`,
        () => {
          const line = lines.find((each) => pattern.test(each));
          if (line !== undefined || !hasEnded) return line;
          throw new Error(`ended without a line ${pattern}:\n${lines.join("\n")}`);
        },
        timeoutMs,
      ),
  };
}

function collectLines(stream: Readable | null, ...into: readonly string[][]): void {
  if (stream === null) return;
  createInterface({ input: stream }).on("line", (line) => {
    for (const lines of into) lines.push(line);
  });
}

/**
 * Kills a process and all below it, for what it started would outlive it. (A process group of its own would do
 * as well, but then neither Ctrl-C nor timeout(1) would reach it.)
 */
function killTree(pid: number): void {
  try {
    const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, "utf8").split(" ").filter(Boolean),
    );
    process.kill(pid, "SIGKILL");
    for (const child of children) killTree(Number(child));
  } catch (error) {
    if (!["ENOENT", "ESRCH"].includes(errnoOf(error) ?? "")) throw error; // those have ended meanwhile
  }
}
