import { writeSync } from "node:fs";
import { LOG_LEVELS, type LogFields, type Logger, type LogLevel } from "../core/runtime/log.ts";

/** Lines of one message in a minute; what is more is counted. */
const LINES_A_MINUTE = 10;
const MINUTE_MS = 60_000;

export interface AgentLogger extends Logger {
  /** May change while it is used. */
  level: LogLevel;
}

/**
 * JSON lines on stderr with pino's keys, without pino: 8 MB of resident memory that a process in
 * every container does not have. A message that comes again and again costs ten lines a minute, and
 * the first one after that says how many were left out.
 */
export function openLogger(
  level: LogLevel,
  write: (line: string) => void = writeToStderr,
  nowMs: () => number = Date.now,
): AgentLogger {
  const rates = new Map<string, Rate>();
  const at =
    (lineLevel: LogLevel) =>
    (fields: LogFields, message: string): void => {
      if (LOG_LEVELS.indexOf(lineLevel) > LOG_LEVELS.indexOf(logger.level)) return;
      const omitted = takeTurn(rates, message, nowMs());
      if (omitted !== undefined) write(renderLine(lineLevel, { ...fields, ...omitted }, message));
    };
  const logger: AgentLogger = {
    level,
    error: at("error"),
    warn: at("warn"),
    info: at("info"),
    debug: at("debug"),
    trace: at("trace"),
  };
  return logger;
}

interface Rate {
  minute: number;
  lines: number;
  omitted: number;
}

/** undefined when this line is one too many. Messages are static, so there are few. */
function takeTurn(rates: Map<string, Rate>, message: string, nowMs: number): LogFields | undefined {
  const minute = Math.floor(nowMs / MINUTE_MS);
  const rate = rates.get(message) ?? { minute, lines: 0, omitted: 0 };
  rates.set(message, rate);
  if (rate.minute !== minute) Object.assign(rate, { minute, lines: 0 });
  if (rate.lines >= LINES_A_MINUTE) {
    rate.omitted += 1;
    return undefined;
  }
  rate.lines += 1;
  const { omitted } = rate;
  rate.omitted = 0;
  return omitted === 0 ? {} : { omitted };
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
