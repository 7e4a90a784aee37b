import { pino } from "pino";
import type { Logger, LogLevel } from "./log.ts";

/** A JSON-lines logger on stderr, so that stdout stays for what a command prints. Writes are synchronous: a line is out before a crash. */
export function openLogger(name: string, level: LogLevel): Logger {
  return pino(
    {
      name,
      level,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    pino.destination({ fd: 2, sync: true }),
  );
}
