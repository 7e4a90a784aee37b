import { writeSync } from "node:fs";
import { LOG_LEVELS, type LogFields, type Logger, type LogLevel } from "../core/runtime/log.ts";

/**
 * JSON lines on stderr with pino's keys, without pino: 8 MB of resident memory that a process in
 * every container does not have.
 */
export function openLogger(level: LogLevel, write: (line: string) => void = writeToStderr): Logger {
  const threshold = LOG_LEVELS.indexOf(level);
  const at =
    (lineLevel: LogLevel) =>
    (fields: LogFields, message: string): void => {
      if (LOG_LEVELS.indexOf(lineLevel) <= threshold) write(renderLine(lineLevel, fields, message));
    };
  return { error: at("error"), warn: at("warn"), info: at("info"), debug: at("debug"), trace: at("trace") };
}

function renderLine(level: LogLevel, fields: LogFields, message: string): string {
  const head = { level, time: new Date().toISOString(), name: "plimsoll-agent" };
  return `${JSON.stringify({ ...head, ...fields, msg: message }, (_key, value) => renderError(value))}\n`;
}

/** An Error has no enumerable properties: JSON would print `{}`. */
function renderError(value: unknown): unknown {
  if (!(value instanceof Error)) return value;
  const code = "code" in value ? { code: value.code } : {};
  const cause = value.cause === undefined ? {} : { cause: value.cause };
  return { type: value.name, message: value.message, ...code, ...cause };
}

function writeToStderr(line: string): void {
  try {
    writeSync(2, line);
  } catch {
    // A reader that went away or a full pipe loses log lines, not samples.
  }
}
