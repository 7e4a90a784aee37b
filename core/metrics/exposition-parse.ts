// The format is in exposition.ts.
import { DecodeError } from "./decode-error.ts";
import { Gathering } from "./gathering.ts";
import { isLabelName, isMetricName, setLabel } from "./labels.ts";
import { type Family, findFamily, type Labels, type MetricKind } from "./series.ts";
import type { WriteLimits } from "./write-limits.ts";

export interface ExpositionContext {
  /** Of samples that have no timestamp. */
  readonly nowMs: number;
  /** On every sample, over labels of the same name. */
  readonly labels: Labels;
  /** A page that is to be stamped when it comes must not have times of its own. */
  readonly refusesTimestamps?: boolean;
  readonly limits?: WriteLimits;
}

const KINDS: Readonly<Record<string, MetricKind>> = {
  counter: "counter",
  gauge: "gauge",
  histogram: "histogram",
  summary: "summary",
  untyped: "unknown",
};

const UNESCAPED: Readonly<Record<string, string>> = { n: "\n", "\\": "\\", '"': '"' };

/** A whole page, or a DecodeError that names the line. */
export function parseExposition(text: string, context: ExpositionContext): Gathering {
  const gathering = new Gathering(context.limits);
  const families = new Map<string, Family>();
  for (const [index, line] of text.split("\n").entries()) {
    try {
      const trimmed = line.trim();
      if (trimmed.startsWith("#")) learn(families, trimmed);
      else if (trimmed !== "") addSample(gathering, families, trimmed, context);
    } catch (error) {
      throw error instanceof DecodeError ? error.within(`line ${index + 1}`) : error;
    }
  }
  return gathering;
}

/** `# TYPE name kind`, `# HELP name text`; any other comment is none of ours. */
function learn(families: Map<string, Family>, line: string): void {
  const [, keyword, name = "", rest = ""] = /^#[ \t]+(TYPE|HELP)[ \t]+(\S+)[ \t]*(.*)$/.exec(line) ?? [];
  if (keyword === undefined) return;
  if (!isMetricName(name)) throw malformed(`${JSON.stringify(name)} is not a metric name`);
  const known = families.get(name) ?? { name, kind: "unknown", help: "" };
  if (keyword === "HELP") families.set(name, { ...known, help: withoutEscapes(rest) });
  else {
    const kind = KINDS[rest.toLowerCase()];
    if (kind === undefined) throw malformed(`unknown type ${JSON.stringify(rest)}`);
    families.set(name, { ...known, kind });
  }
}

function addSample(
  gathering: Gathering,
  families: ReadonlyMap<string, Family>,
  line: string,
  { labels: given, nowMs, refusesTimestamps }: ExpositionContext,
): void {
  const name = /^[^{\s]*/.exec(line)?.[0] ?? "";
  if (!isMetricName(name)) throw malformed(`${JSON.stringify(name)} is not a metric name`);
  const labels: Record<string, string> = {};
  const end = readLabels(line, name.length, labels);
  for (const label in given) setLabel(labels, label, given[label] ?? "");
  const [value = "", timestamp, ...others] = line.slice(end).trim().split(/\s+/);
  if (others.length > 0) throw malformed(`${JSON.stringify(others[0])} after the timestamp`);
  if (refusesTimestamps && timestamp !== undefined)
    throw malformed("pushed metrics must not have timestamps");
  const { kind, help } = findFamily(families, name) ?? { kind: "unknown" as const, help: "" };
  const sample = { value: parseValue(value), timestampMs: parseTimestamp(timestamp, nowMs) };
  gathering.add(name, labels, sample, { kind, help });
}

/** One pair, with the comma or brace that ends it. */
const PAIR = /\s*([^=\s]*)\s*=\s*"((?:[^"\\]|\\.)*)"\s*([,}])/y;

/** `{a="1",b="2",}` if it stands at `start`; returns where it ends. */
function readLabels(line: string, start: number, labels: Record<string, string>): number {
  const open = /\s*\{/y;
  open.lastIndex = start;
  if (!open.test(line)) return start;
  let at = open.lastIndex;
  for (;;) {
    const close = /\s*\}/y;
    close.lastIndex = at;
    if (close.test(line)) return close.lastIndex;
    PAIR.lastIndex = at;
    const [, name = "", value = "", ending] = PAIR.exec(line) ?? [];
    if (ending === undefined) throw malformed("labels do not end");
    if (!isLabelName(name)) throw malformed(`${JSON.stringify(name)} is not a label name`);
    if (Object.hasOwn(labels, name)) throw malformed(`label ${name} stands twice`);
    if (value !== "") setLabel(labels, name, withoutEscapes(value));
    at = PAIR.lastIndex;
    if (ending === "}") return at;
  }
}

function withoutEscapes(text: string): string {
  return text.replace(/\\(.)/g, (both, character: string) => UNESCAPED[character] ?? both);
}

/** As Go's ParseFloat reads it, apart from hexadecimal and underscores. */
function parseValue(text: string): number {
  if (/^[+-]?inf(inity)?$/i.test(text)) return text.startsWith("-") ? -Infinity : Infinity;
  if (/^nan$/i.test(text)) return Number.NaN;
  if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) return Number(text);
  throw malformed(`${JSON.stringify(text)} is not a value`);
}

function parseTimestamp(text: string | undefined, nowMs: number): number {
  if (text === undefined) return nowMs;
  if (/^-?\d{1,15}$/.test(text)) return Number(text);
  throw malformed(`${JSON.stringify(text)} is not a timestamp`);
}

function malformed(what: string): DecodeError {
  return new DecodeError("MALFORMED", what);
}
