/**
 * Bytes from outside that are not what they claim to be. `LIMIT` is well-formed as far as it was read
 * but larger than we take; the message says what, and where, in one line fit for the sender.
 */
export class DecodeError extends Error {
  readonly code: "MALFORMED" | "LIMIT";

  constructor(code: "MALFORMED" | "LIMIT", message: string) {
    super(message);
    this.name = "DecodeError";
    this.code = code;
  }

  /** The same error, seen from one level further out. */
  within(where: string): DecodeError {
    return new DecodeError(this.code, `${where}: ${this.message}`);
  }
}
