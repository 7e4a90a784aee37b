// Prometheus' text format 0.0.4 and OpenMetrics 1.0 as Prometheus' own parser takes them, which is more lenient
// than the specifications about order and grouping.
//   # TYPE http_requests counter
//   http_requests_total{code="200"} 1027 1395066363000          milliseconds; in OpenMetrics seconds
//   # EOF                                                       OpenMetrics only, and the end
import { seriesKey } from "../../core/metrics/label-cache.ts";
import { setLabel } from "../../core/metrics/labels.ts";
import type { Labels, MetricKind } from "../../core/metrics/series.ts";
import { PlimsollError } from "../../core/runtime/errors.ts";
import { Families } from "./families.ts";

export type PageFormat = "text" | "openmetrics";

/** What is known of a series apart from its samples: kept from page to page, for only the values change. */
export interface PageSeries {
  readonly name: string;
  readonly kind: MetricKind;
  readonly help: string;
  readonly labels: Labels;
  /** The page that had it last. */
  pageNumber: number;
  /** Its latest sample with a time of its own. */
  lastMs: number;
}

export interface PageSample {
  readonly series: PageSeries;
  readonly value: number;
  /** Where the page says. */
  readonly timestampMs: number | undefined;
}

export interface Page {
  /** The first of each series. */
  readonly samples: readonly PageSample[];
  /** Samples that stand there, repetitions among them. */
  readonly total: number;
  /** Those of them whose labels were as they may be. */
  readonly kept: number;
  /** Series that the page before did not have. */
  readonly added: number;
}

/** Why a page is none, and how far it was one: Prometheus tells that too. */
export class PageError extends PlimsollError {
  readonly total: number;
  readonly kept: number;

  constructor(message: string, total: number, kept: number) {
    super("PAGE", message);
    this.total = total;
    this.kept = kept;
  }
}

interface Syntax {
  /** Value and timestamp, after name and labels. */
  readonly rest: RegExp;
  readonly timestampMs: (text: string) => number;
}

const SYNTAX: Readonly<Record<PageFormat, Syntax>> = {
  text: {
    rest: /^[ \t]*(\S+)(?:[ \t]+(-?\d{1,18}))?[ \t]*$/,
    timestampMs: (text) => Number(text),
  },
  openmetrics: {
    rest: /^ (\S+)(?: (-?[0-9.]+(?:[eE][+-]?\d+)?))?$/,
    timestampMs: (text) => Math.trunc(parseValue(text) * 1000),
  },
};

/** What may follow a sample in OpenMetrics; receivers of ours have no words for it. */
const EXEMPLAR = / # \{(?:[^"}]|"(?:[^"\\]|\\.)*")*\} \S+(?: \S+)?$/;

const NAME_AND_LABELS = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:[ \t]*\{((?:[^"}]|"(?:[^"\\]|\\.)*")*)\}|(?=[ \t]))/;

/** One label, with the comma after it. */
const LABEL = /[ \t]*([a-zA-Z_][a-zA-Z0-9_]*)[ \t]*=[ \t]*"((?:[^"\\]|\\.)*)"[ \t]*(?:,|$)/y;

/** Reads the pages of one target, one after the other. */
export class PageParser {
  readonly #relabel: (labels: Labels, name: string) => Labels;
  /** Name and labels as they stand in a line → series. */
  #lines: ReadonlyMap<string, PageSeries> = new Map();
  #pageNumber = 0;

  /** `relabel` gives the labels a series shall have; what it throws fails the page. */
  constructor(relabel: (labels: Labels, name: string) => Labels) {
    this.#relabel = relabel;
  }

  /** Forgets all series: their labels shall be others from now on. */
  reset(): void {
    this.#lines = new Map();
  }

  /** A whole page, or a PageError that names the line; the page is then as if it had not been. */
  parse(text: string, format: PageFormat): Page {
    const reading = new Reading(this.#lines, ++this.#pageNumber, format, this.#relabel);
    let number = 0;
    for (let start = 0; start < text.length; ) {
      const newline = text.indexOf("\n", start);
      const end = newline === -1 ? text.length : newline;
      number += 1;
      try {
        reading.line(text.slice(start, end));
      } catch (error) {
        throw reading.failed(error, `line ${number}: `);
      }
      start = end + 1;
    }
    if (format === "openmetrics" && !reading.hasEnded) {
      throw reading.failed(new PlimsollError("PAGE", "the page does not end with # EOF"));
    }
    this.#lines = reading.lines;
    return reading.page();
  }
}

/** One page on its way. */
class Reading {
  readonly lines = new Map<string, PageSeries>();
  readonly #before: ReadonlyMap<string, PageSeries>;
  readonly #pageNumber: number;
  readonly #format: PageFormat;
  readonly #relabel: (labels: Labels, name: string) => Labels;
  readonly #families = new Families();
  /** Labels may stand in another order: a series is what it is after all. */
  readonly #byKey = new Map<string, PageSeries>();
  readonly #samples: PageSample[] = [];
  #total = 0;
  #kept = 0;
  #added = 0;
  hasEnded = false;

  constructor(
    before: ReadonlyMap<string, PageSeries>,
    pageNumber: number,
    format: PageFormat,
    relabel: (labels: Labels, name: string) => Labels,
  ) {
    this.#before = before;
    this.#pageNumber = pageNumber;
    this.#format = format;
    this.#relabel = relabel;
  }

  line(line: string): void {
    if (this.hasEnded) fail("data after # EOF");
    if (this.#format === "openmetrics") this.#openMetricsLine(line);
    else {
      const trimmed = line.replace(/^[ \t]+/, "");
      if (trimmed.startsWith("#")) this.#families.learn(trimmed, "text");
      else if (trimmed !== "") this.#sample(line);
    }
  }

  page(): Page {
    return { samples: this.#samples, total: this.#total, kept: this.#kept, added: this.#added };
  }

  /** What the page comes to by an error that is its own; any other is thrown. */
  failed(error: unknown, where = ""): PageError {
    if (!(error instanceof PlimsollError)) throw error;
    return new PageError(where + error.message, this.#total, this.#kept);
  }

  #openMetricsLine(line: string): void {
    if (line === "# EOF") this.hasEnded = true;
    else if (line.startsWith("#")) this.#families.learn(line, "openmetrics");
    else this.#sample(line.includes(" # {") ? line.replace(EXEMPLAR, "") : line);
  }

  #sample(line: string): void {
    const brace = line.lastIndexOf("}");
    const end = brace === -1 ? line.search(/(?<=\S)[ \t]/) : brace + 1;
    const key = end === -1 ? line : line.slice(0, end);
    const { rest, timestampMs } = SYNTAX[this.#format];
    const [, text = "", timestamp] = rest.exec(line.slice(key.length)) ?? fail(`cannot parse ${shown(line)}`);
    const value = parseValue(text);
    const ownMs = timestamp === undefined ? undefined : timestampMs(timestamp);
    const known = this.lines.get(key) ?? this.#before.get(key);
    const parsed = known === undefined ? parseKey(key, line) : undefined;
    this.#total += 1;
    if (parsed?.problem !== undefined) fail(parsed.problem);
    const series = known ?? this.#seriesOf(parsed?.name ?? "", parsed?.labels ?? {});
    this.#kept += 1;
    this.lines.set(key, series);
    if (series.pageNumber === this.#pageNumber) return; // The first one counts.
    series.pageNumber = this.#pageNumber;
    this.#samples.push({ series, value, timestampMs: ownMs });
  }

  #seriesOf(name: string, given: Labels): PageSeries {
    const labels = this.#relabel(given, name);
    const ordered = Object.fromEntries(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
    const key = seriesKey(name, ordered);
    const series = this.#byKey.get(key) ?? this.#make(name, labels);
    this.#byKey.set(key, series);
    return series;
  }

  #make(name: string, labels: Labels): PageSeries {
    this.#added += 1;
    const { kind, help } = this.#families.of(name);
    return { name, kind, help, labels, pageNumber: 0, lastMs: Number.NEGATIVE_INFINITY };
  }
}

interface Parsed {
  readonly name: string;
  readonly labels: Labels;
  /** A fault that Prometheus finds only when it has counted the sample. */
  readonly problem?: string;
}

/** Name and labels as they stand before the value. */
function parseKey(key: string, line: string): Parsed {
  const [whole, name = "", text = ""] = NAME_AND_LABELS.exec(`${key.trimStart()} `) ?? [];
  if (whole !== key.trimStart()) fail(`cannot parse ${shown(line)}`);
  const parsed = { name, ...parseLabels(text, line) };
  return whole === key ? parsed : { ...parsed, problem: `blanks before ${shown(whole)}` };
}

function parseLabels(text: string, line: string): Pick<Parsed, "labels" | "problem"> {
  const labels: Record<string, string> = {};
  let problem: string | undefined;
  let at = 0;
  while (text.slice(at).trim() !== "") {
    LABEL.lastIndex = at;
    const [, name = "", value = ""] = LABEL.exec(text) ?? fail(`cannot parse the labels of ${shown(line)}`);
    if (Object.hasOwn(labels, name)) problem = `label ${name} stands twice in ${shown(line)}`;
    setLabel(labels, name, unescaped(value));
    at = LABEL.lastIndex;
  }
  // A label without a value is a label that is not there.
  for (const name of Object.keys(labels)) if (labels[name] === "") delete labels[name];
  return problem === undefined ? { labels } : { labels, problem };
}

const ESCAPED: Readonly<Record<string, string>> = { n: "\n", "\\": "\\", '"': '"' };

function unescaped(value: string): string {
  if (!value.includes("\\")) return value;
  return value.replace(/\\(.)/g, (both, character: string) => ESCAPED[character] ?? both);
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** As Go's ParseFloat reads it, without hexadecimals and underscores. */
function parseValue(text: string): number {
  if (NUMBER.test(text)) return Number(text);
  if (/^[+-]?inf(inity)?$/i.test(text)) return text.startsWith("-") ? -Infinity : Infinity;
  if (/^[+-]?nan$/i.test(text)) return Number.NaN;
  return fail(`${shown(text)} is not a value`);
}

/** Enough of a line to find it. */
function shown(line: string): string {
  return JSON.stringify(line.slice(0, 80));
}

function fail(what: string): never {
  throw new PlimsollError("PAGE", what);
}
