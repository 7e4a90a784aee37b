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
  /** Series that the page before did not have. */
  readonly added: number;
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

  /** A whole page, or a PlimsollError that names the line; the page is then as if it had not been. */
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
        if (!(error instanceof PlimsollError)) throw error;
        throw new PlimsollError("PAGE", `line ${number}: ${error.message}`);
      }
      start = end + 1;
    }
    const page = reading.end();
    this.#lines = reading.lines;
    return page;
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
  #added = 0;
  #hasEnded = false;

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
    if (this.#hasEnded) fail("data after # EOF");
    if (this.#format === "openmetrics") this.#openMetricsLine(line);
    else {
      const trimmed = line.replace(/^[ \t]+/, "");
      if (trimmed.startsWith("#")) this.#families.learn(trimmed, "text");
      else if (trimmed !== "") this.#sample(trimmed);
    }
  }

  end(): Page {
    if (this.#format === "openmetrics" && !this.#hasEnded) fail("the page does not end with # EOF");
    return { samples: this.#samples, total: this.#total, added: this.#added };
  }

  #openMetricsLine(line: string): void {
    if (line === "# EOF") this.#hasEnded = true;
    else if (line.startsWith("#")) this.#families.learn(line, "openmetrics");
    else this.#sample(line.includes(" # {") ? line.replace(EXEMPLAR, "") : line);
  }

  #sample(line: string): void {
    const brace = line.lastIndexOf("}");
    const end = brace === -1 ? line.search(/[ \t]/) : brace + 1;
    const key = end === -1 ? line : line.slice(0, end);
    const { rest, timestampMs } = SYNTAX[this.#format];
    const [, value, timestamp] = rest.exec(line.slice(key.length)) ?? fail(`cannot parse ${shown(line)}`);
    const series = this.#seriesOf(key, line);
    const sample = {
      series,
      value: parseValue(value ?? ""),
      timestampMs: timestamp === undefined ? undefined : timestampMs(timestamp),
    };
    this.#total += 1;
    if (series.pageNumber === this.#pageNumber) return; // The first one counts.
    series.pageNumber = this.#pageNumber;
    this.#samples.push(sample);
  }

  #seriesOf(key: string, line: string): PageSeries {
    const known = this.lines.get(key) ?? this.#before.get(key);
    if (known !== undefined) {
      this.lines.set(key, known);
      return known;
    }
    const [whole, name = "", text = ""] =
      NAME_AND_LABELS.exec(`${key} `) ?? fail(`cannot parse ${shown(line)}`);
    if (whole !== key) fail(`cannot parse ${shown(line)}`);
    const labels = this.#relabel(parseLabels(text, line), name);
    const ordered = Object.fromEntries(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
    const series = this.#byKey.get(seriesKey(name, ordered)) ?? this.#make(name, labels);
    this.#byKey.set(seriesKey(name, ordered), series);
    this.lines.set(key, series);
    return series;
  }

  #make(name: string, labels: Labels): PageSeries {
    this.#added += 1;
    const { kind, help } = this.#families.of(name);
    return { name, kind, help, labels, pageNumber: 0, lastMs: Number.NEGATIVE_INFINITY };
  }
}

function parseLabels(text: string, line: string): Labels {
  const labels: Record<string, string> = {};
  let at = 0;
  while (text.slice(at).trim() !== "") {
    LABEL.lastIndex = at;
    const [, name = "", value = ""] = LABEL.exec(text) ?? fail(`cannot parse the labels of ${shown(line)}`);
    if (Object.hasOwn(labels, name)) fail(`label ${name} stands twice in ${shown(line)}`);
    setLabel(labels, name, unescaped(value));
    at = LABEL.lastIndex;
  }
  // A label without a value is a label that is not there.
  for (const name of Object.keys(labels)) if (labels[name] === "") delete labels[name];
  return labels;
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
