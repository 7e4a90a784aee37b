import { constants } from "node:os";
import { errnoOf } from "../../core/runtime/errors.ts";

/** Ends an operation with an errno for its caller: nothing is wrong with us. */
export class Refusal extends Error {
  readonly errno: number;

  constructor(errno: number, reason: string) {
    super(reason);
    this.errno = errno;
  }
}

/** Runs something on a host's file whose failure is the caller's to hear, as if it had opened the file itself. */
export function refusing<T>(access: () => T): T {
  try {
    return access();
  } catch (error) {
    const code = errnoOf(error);
    const errno = Object.entries(constants.errno).find(([name]) => name === code)?.[1];
    if (errno === undefined) throw error;
    throw new Refusal(errno, code ?? "");
  }
}
