// InfluxDB's line protocol as anybody writes it (docs.influxdata.com, "Line protocol"):
//   cpu,host=10.0.0.7,cpu=cpu\ 0 usage_idle=99.1,count=12i,up=t,note="a \"text\"" 1700000000000000000
// A field is a series named measurement_field; a field named `value` is named by its measurement alone.
import { Gathering } from "./gathering.ts";
import { setLabel, toLabelName, toMetricName } from "./labels.ts";
import type { WriteLimits } from "./write-limits.ts";

/** Milliseconds in a unit of `precision=`; nanoseconds where nothing is said. */
const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  n: 1e-6,
  us: 1e-3,
  u: 1e-3,
  µ: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** Undefined for a precision that does not exist. */
export function parsePrecision(text: string | null): number | undefined {
  return text === null || text === "" ? UNIT_MS.ns : UNIT_MS[text];
}

export interface InfluxContext {
  readonly unitMs: number;
  /** Of lines without a time. */
  readonly nowMs: number;
  readonly limits?: WriteLimits;
}

/** Lines that cannot be read are rejected one by one, texts in fields are left out: `texts` counts them. */
export function parseInfluxLines(
  text: string,
  context: InfluxContext,
): { readonly gathering: Gathering; readonly texts: number } {
  const gathering = new Gathering(context.limits);
  const scanner = new LineScanner(text);
  let texts = 0;
  for (let line = scanner.next(); line !== undefined; line = scanner.next()) {
    const point = parsePoint(line, context);
    if (typeof point === "string") gathering.reject(`unable to parse '${line.slice(0, 100)}': ${point}`);
    else texts += addPoint(gathering, point);
  }
  return { gathering, texts };
}

/** Divides at line ends outside of quotes. Comments and empty lines are passed over. */
class LineScanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  next(): string | undefined {
    while (this.#at < this.#text.length) {
      const start = this.#at;
      const end = this.#endOfLine(start);
      this.#at = end + 1;
      const line = this.#text.slice(start, end).trim();
      if (line !== "" && !line.startsWith("#")) return line;
    }
    return undefined;
  }

  /** A quote means something among the fields only, which begin after the first space. */
  #endOfLine(start: number): number {
    const text = this.#text;
    const plain = text.indexOf("\n", start);
    const end = plain === -1 ? text.length : plain;
    const quote = text.indexOf('="', start);
    if (quote === -1 || quote > end || text[start] === "#") return end;
    const line = text.slice(start, end);
    const keyLength = splitOutside(line, " ", false)[0]?.length ?? 0;
    let isQuoted = false;
    for (let at = start + keyLength; at < text.length; at++) {
      const character = text[at];
      if (character === "\\" && isQuoted) at++;
      else if (character === '"' && (isQuoted || text[at - 1] === "=")) isQuoted = !isQuoted;
      else if (character === "\n" && !isQuoted) return at;
    }
    return text.length;
  }
}

interface Point {
  readonly measurement: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly fields: readonly (readonly [name: string, value: number | undefined])[];
  readonly timestampMs: number;
}

/** The point, or what is wrong with the line. */
function parsePoint(line: string, { unitMs, nowMs }: InfluxContext): Point | string {
  const [key = ""] = splitOutside(line, " ", false);
  const rest = line.slice(key.length).trim();
  const [fieldText = "", time, ...more] = splitOutside(rest, " ", true).filter((part) => part !== "");
  if (more.length > 0) return "more than a time after the fields";
  const [measurement = "", ...tagTexts] = splitOutside(key, ",", false);
  if (measurement === "") return "missing measurement";
  if (fieldText === "") return "missing fields";
  const tags = parseTags(tagTexts);
  if (tags === undefined) return "missing tag value";
  const fields: [string, number | undefined][] = [];
  for (const text of splitOutside(fieldText, ",", true)) {
    const [name = "", ...parts] = splitOutside(text, "=", true);
    const value = parseField(parts.join("="));
    if (name === "" || value === null) return "invalid field";
    fields.push([withoutEscapes(name), value]);
  }
  const timestampMs = time === undefined ? nowMs : parseTime(time, unitMs);
  if (timestampMs === undefined) return "bad timestamp";
  return { measurement: withoutEscapes(measurement), tags, fields, timestampMs };
}

/** Undefined when one has no name or no value. */
function parseTags(texts: readonly string[]): Readonly<Record<string, string>> | undefined {
  const tags: Record<string, string> = {};
  for (const text of texts) {
    const [name = "", ...parts] = splitOutside(text, "=", false);
    const value = parts.join("=");
    if (name === "" || value === "") return undefined;
    setLabel(tags, withoutEscapes(name), withoutEscapes(value));
  }
  return tags;
}

/** Not at a separator after a backslash, nor inside the quotes of a field's text. */
function splitOutside(text: string, separator: string, hasTexts: boolean): readonly string[] {
  if (!text.includes("\\") && !(hasTexts && text.includes('"'))) return text.split(separator);
  const parts: string[] = [];
  let start = 0;
  let isQuoted = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === "\\") at++;
    else if (hasTexts && character === '"' && (isQuoted || at === 0 || text[at - 1] === "="))
      isQuoted = !isQuoted;
    else if (character === separator && !isQuoted) {
      parts.push(text.slice(start, at));
      start = at + 1;
    }
  }
  return [...parts, text.slice(start)];
}

function withoutEscapes(text: string): string {
  return text.replaceAll(/\\([,= ])/g, "$1");
}

/** A number; undefined for a text; null for what is neither. */
function parseField(text: string): number | undefined | null {
  if (text.length > 1 && text.startsWith('"') && text.endsWith('"')) return undefined;
  if (/^(t|true)$/i.test(text)) return 1;
  if (/^(f|false)$/i.test(text)) return 0;
  if (/^[+-]?\d+[iu]$/.test(text)) return Number(text.slice(0, -1));
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : null;
}

function parseTime(text: string, unitMs: number): number | undefined {
  if (!/^-?\d{1,19}$/.test(text)) return undefined;
  // Nanoseconds are beyond what a number holds exactly; of milliseconds nothing is lost.
  return unitMs < 1 ? Math.round(Number(text) / Math.round(1 / unitMs)) : Number(text) * unitMs;
}

/** Returns how many of the fields are texts. */
function addPoint(gathering: Gathering, { measurement, tags, fields, timestampMs }: Point): number {
  const labels: Record<string, string> = {};
  for (const tag in tags) {
    const label = toLabelName(tag);
    if (label !== "__name__") setLabel(labels, label, tags[tag] ?? "");
  }
  let texts = 0;
  for (const [field, value] of fields) {
    const name = toMetricName(field === "value" ? measurement : `${measurement}_${field}`);
    if (value === undefined) texts++;
    else gathering.add(name, labels, { timestampMs, value });
  }
  return texts;
}
