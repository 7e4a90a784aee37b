import { isMetricName } from "../../core/metrics/labels.ts";
import { type Family, findFamily, type MetricKind } from "../../core/metrics/series.ts";
import { PlimsollError } from "../../core/runtime/errors.ts";

const TEXT_KINDS: Readonly<Record<string, MetricKind>> = {
  counter: "counter",
  gauge: "gauge",
  histogram: "histogram",
  summary: "summary",
  untyped: "unknown",
};

/** What our receivers have no word for becomes the nearest they have. */
const OPENMETRICS_KINDS: Readonly<Record<string, MetricKind>> = {
  counter: "counter",
  gauge: "gauge",
  histogram: "histogram",
  summary: "summary",
  unknown: "unknown",
  info: "gauge",
  stateset: "gauge",
  gaugehistogram: "unknown",
};

const UNKNOWN: Family = { name: "", kind: "unknown", help: "" };

/** What the comments of a page say of its metrics. */
export class Families {
  readonly #known = new Map<string, Family>();

  /** A line that begins with `#`. Any comment goes in the text format, three kinds of them in OpenMetrics. */
  learn(line: string, format: "text" | "openmetrics"): void {
    const isText = format === "text";
    const pattern = isText
      ? /^#[ \t]+(TYPE|HELP)[ \t]+(\S+)(?:[ \t]+(.*))?$/
      : /^# (TYPE|HELP|UNIT) (\S+)(?: (.*))?$/;
    const [, keyword, name = "", rest = ""] = pattern.exec(line) ?? [];
    if (keyword === undefined) {
      if (!isText) fail(`${JSON.stringify(line.slice(0, 80))} is no comment of OpenMetrics`);
      return;
    }
    if (!isMetricName(name)) fail(`${JSON.stringify(name)} is not a metric name`);
    const known = this.#known.get(name) ?? { ...UNKNOWN, name };
    if (keyword === "UNIT" && rest !== "" && !name.endsWith(`_${rest}`)) {
      fail(`unit ${JSON.stringify(rest)} is not the end of ${name}`);
    }
    if (keyword === "HELP") this.#known.set(name, { ...known, help: unescaped(rest) });
    if (keyword === "TYPE") this.#known.set(name, { ...known, kind: kindOf(rest.trim(), isText) });
  }

  /** Of a series, by its own name or by its family's. OpenMetrics calls the family of `x_total` `x`. */
  of(name: string): Family {
    const family = findFamily(this.#known, name);
    if (family !== undefined) return family;
    const counter = this.#known.get(name.replace(/_total$/, ""));
    return counter?.kind === "counter" ? counter : UNKNOWN;
  }
}

function kindOf(text: string, isText: boolean): MetricKind {
  const kind = (isText ? TEXT_KINDS : OPENMETRICS_KINDS)[text];
  return kind ?? fail(`unknown type ${JSON.stringify(text)}`);
}

function unescaped(help: string): string {
  return help.replace(/\\([\\n"])/g, (_, character: string) => (character === "n" ? "\n" : character));
}

function fail(what: string): never {
  throw new PlimsollError("PAGE", what);
}
