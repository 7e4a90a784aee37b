/** An operating error: something outside the program went wrong. The message says what failed, on what. */
export class PlimsollError extends Error {
  readonly code: string;
  /** What the reader can do about it, shown as `(hint: …)`. */
  readonly hint: string | undefined;

  constructor(code: string, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "PlimsollError";
    this.code = code;
    this.hint = options.hint;
  }
}

/** Wrong arguments or configuration: the program exits with 2. */
export class UsageError extends PlimsollError {
  constructor(message: string, options: { hint?: string; cause?: unknown } = {}) {
    super("USAGE", message, options);
    this.name = "UsageError";
  }
}

/** What was asked for does not exist: the program exits with 3. */
export class NotFoundError extends PlimsollError {
  constructor(message: string, options: { hint?: string; cause?: unknown } = {}) {
    super("NOT_FOUND", message, options);
    this.name = "NotFoundError";
  }
}

/** A broken invariant of ours. It is not handled: the process stops. */
export function bug(message: string): never {
  throw new Error(`BUG: ${message}`);
}

/** The `code` of a system error (`ENOENT`, `EACCES` …), undefined for any other value. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** How many causes deep a line goes: enough for ours, and an end for a chain that has none. */
const MAX_CAUSES = 4;

/** Any thrown value as one line: the message, then each cause that adds something, then the hint. */
export function errorLine(error: unknown): string {
  const parts: string[] = [];
  let hint: string | undefined;
  let at = error;
  for (let depth = 0; depth < MAX_CAUSES && at !== undefined; depth++) {
    const message = at instanceof Error ? at.message : String(at);
    if (!parts.some((part) => part.includes(message))) parts.push(message);
    if (at instanceof PlimsollError) hint ??= at.hint;
    at = at instanceof Error ? at.cause : undefined;
  }
  const line = parts.join(": ").replaceAll(/\s*\n\s*/g, " ");
  return hint === undefined ? line : `${line} (hint: ${hint})`;
}
