import type { Logger } from "../../core/runtime/log.ts";
import type { FileStatus } from "../proc-files/types.ts";

/** So many causes are told; there are a handful. */
const MAX_CAUSES = 200;

/** Says once for each cause that a file, or fields of it, are the host's. */
export class FallbackLog {
  readonly #told = new Set<string>();
  readonly #log: Logger;

  constructor(log: Logger) {
    this.#log = log;
  }

  tell(file: string, container: string, status: FileStatus): void {
    if (status.state === "virtual") return;
    const cause = `${file} ${status.state} ${status.reason}`;
    if (this.#told.has(cause) || this.#told.size >= MAX_CAUSES) return;
    this.#told.add(cause);
    const { reason } = status;
    if (status.state === "host") this.#log.warn({ file, container, reason }, "host values served");
    else if (status.state === "partial")
      this.#log.info({ file, container, fields: status.fields, reason }, "host fields served");
    else this.#log.info({ file, container, state: status.state, reason }, "no values served");
  }
}
