import { LOG_LEVELS, type LogFields, type Logger, type LogLevel } from "../../core/runtime/log.ts";

export interface LogLine {
  readonly level: LogLevel;
  readonly fields: LogFields;
  readonly message: string;
}

/** A logger that keeps what it is told. */
export function recordLog(): Logger & { readonly lines: readonly LogLine[] } {
  const lines: LogLine[] = [];
  const levels = LOG_LEVELS.map((level) => [
    level,
    (fields: LogFields, message: string) => void lines.push({ level, fields, message }),
  ]);
  return { ...(Object.fromEntries(levels) as unknown as Logger), lines };
}
