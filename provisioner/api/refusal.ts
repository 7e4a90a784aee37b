import { errorLine, NotFoundError, PlimsollError, UsageError } from "../../core/runtime/errors.ts";

/** An error as it goes over a wire; the hint has a field of its own. */
export interface Refusal {
  readonly error: string;
  readonly code: string;
  readonly hint?: string | undefined;
}

export function encodeRefusal(error: unknown): Refusal {
  if (!(error instanceof PlimsollError)) return { error: "internal error", code: "BUG" };
  const { code, message, cause, hint } = error;
  return { error: errorLine(new PlimsollError(code, message, { cause })), code, hint };
}

/** The error, for who asked to throw as if it had been refused here. */
export function decodeRefusal({ error, code, hint }: Refusal): PlimsollError {
  const options = hint === undefined ? {} : { hint };
  if (code === "USAGE") return new UsageError(error, options);
  if (code === "NOT_FOUND") return new NotFoundError(error, options);
  return new PlimsollError(code, error, options);
}
