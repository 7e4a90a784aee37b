import { PlimsollError } from "../../core/runtime/errors.ts";

/** The beginning of an error page is enough. */
const LONGEST_TEXT = 300;

/** What a registry answered that is not what was asked for, or that it did not answer. */
export class RegistryError extends PlimsollError {
  /** Undefined when there was no answer. */
  readonly status: number | undefined;
  /** Another attempt may end otherwise. */
  readonly isPassing: boolean;

  constructor(
    message: string,
    options: { status?: number; isPassing?: boolean; cause?: unknown; hint?: string } = {},
  ) {
    super("REGISTRY", message, options);
    this.name = "RegistryError";
    this.status = options.status;
    this.isPassing = options.isPassing ?? false;
  }
}

/** `{"errors":[{"code":"MANIFEST_UNKNOWN","message":"…","detail":…}]}` → its codes and messages; any other text as it is. */
export function describeErrors(body: string): string {
  try {
    const { errors } = JSON.parse(body);
    return errors
      .map(({ code, message }: { code?: string; message?: string }) =>
        [code, message].filter(Boolean).join(": "),
      )
      .join("; ")
      .slice(0, LONGEST_TEXT);
  } catch {
    return body.replaceAll(/\s+/g, " ").trim().slice(0, LONGEST_TEXT);
  }
}
