import { errorLine, NotFoundError, PlimsollError, UsageError } from "./errors.ts";

/** Exit codes every program shares. */
export const EXIT = { done: 0, failed: 1, usage: 2, nothing: 3, interrupted: 130 } as const;

/** Thrown to end a program with a code after it has printed what there is to print. */
export class Exit extends PlimsollError {
  readonly exitCode: number;

  constructor(exitCode: number) {
    super("EXIT", `exit ${exitCode}`);
    this.exitCode = exitCode;
  }
}

/** What ends a program. One that gives SIGHUP a meaning of its own passes the first two only. */
const ENDING_SIGNALS: readonly NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP"];

/**
 * Runs a program's body to its end. Each of `signals` aborts `signal`; the body stops what it started and
 * returns its exit code. Whatever it throws becomes one line on stderr, never a stack trace, unless
 * it is a bug of ours.
 */
export async function runProgram(
  body: (signal: AbortSignal) => Promise<number>,
  signals: readonly NodeJS.Signals[] = ENDING_SIGNALS,
): Promise<void> {
  const controller = new AbortController();
  for (const name of signals) {
    process.on(name, () => controller.abort(name));
  }
  // A reader that goes away (`plimsoll … | head`) is not an error; what was started is still to be stopped.
  process.stdout.on("error", () => controller.abort("SIGPIPE"));
  try {
    process.exitCode = await body(controller.signal);
  } catch (error) {
    process.exitCode = reportFailure(error);
  }
}

function reportFailure(error: unknown): number {
  if (error instanceof Exit) return error.exitCode;
  const isBug = error instanceof Error && !(error instanceof PlimsollError) && !("code" in error);
  process.stderr.write(`error: ${errorLine(error)}\n`);
  if (isBug) process.stderr.write(`${error.stack}\n`);
  if (error instanceof UsageError) return EXIT.usage;
  return error instanceof NotFoundError ? EXIT.nothing : EXIT.failed;
}
