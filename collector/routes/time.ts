import { parseDuration } from "../../core/runtime/duration.ts";
import { errorLine } from "../../core/runtime/errors.ts";
import type { Range } from "../history/archive.ts";
import { Refusal } from "../http/route.ts";

/** `from` and `to` of a query: a date, seconds since 1970, or how long ago (`7d`). To now and from `defaultMs` ago unless told. */
export function readRange(query: URLSearchParams, nowMs: number, defaultMs: number): Range {
  const toMs = readTime(query, "to", nowMs) ?? nowMs;
  const fromMs = readTime(query, "from", nowMs) ?? toMs - defaultMs;
  if (fromMs >= toMs) throw new Refusal(400, "from: is not before to");
  return { fromMs, toMs };
}

/** A duration as in the configuration, `10s`, `7d`; undefined when it is not given. */
export function readDuration(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  return text === null ? undefined : durationOf(name, text);
}

function readTime(query: URLSearchParams, name: string, nowMs: number): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  if (/^\d{4}-/.test(text) && !Number.isNaN(Date.parse(text))) return Date.parse(text);
  return nowMs - durationOf(name, text);
}

function durationOf(name: string, text: string): number {
  try {
    return parseDuration(name, text);
  } catch (error) {
    throw new Refusal(400, errorLine(error));
  }
}

export function iso(ms: number): string {
  return new Date(ms).toISOString();
}
