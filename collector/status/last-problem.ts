import type { Clock } from "../../core/runtime/clock.ts";
import { errorLine } from "../../core/runtime/errors.ts";
import type { LogFields, Logger } from "../../core/runtime/log.ts";

export interface Problem {
  readonly atMs: number;
  readonly text: string;
}

/** A log that remembers the last thing it warned of. */
export interface RememberingLog {
  readonly log: Logger;
  readonly last: () => Problem | undefined;
}

export function rememberProblems(log: Logger, clock: Pick<Clock, "nowMs">): RememberingLog {
  let last: Problem | undefined;
  const note = (fields: LogFields, message: string): void => {
    last = { atMs: clock.nowMs(), text: renderProblem(fields, message) };
  };
  return {
    log: {
      error: (fields, message) => {
        note(fields, message);
        log.error(fields, message);
      },
      warn: (fields, message) => {
        note(fields, message);
        log.warn(fields, message);
      },
      info: (fields, message) => log.info(fields, message),
      debug: (fields, message) => log.debug(fields, message),
      trace: (fields, message) => log.trace(fields, message),
    },
    last: () => last,
  };
}

/** `sink does not take samples: sink=…, reason=…` */
function renderProblem(fields: LogFields, message: string): string {
  const details = Object.entries(fields).map(([name, value]) =>
    name === "err"
      ? errorLine(value)
      : `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`,
  );
  return details.length === 0 ? message : `${message}: ${details.join(", ")}`;
}
