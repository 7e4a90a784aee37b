// Prometheus' text format 0.0.4 and OpenMetrics 1.0:
//   # HELP node_load1 1m load average.
//   # TYPE node_load1 gauge
//   node_load1{instance="10.0.0.7"} 0.25
import { sortedLabelNames } from "./labels.ts";
import { familyName, type Labels, type MetricKind, type Series } from "./series.ts";

export const TEXT_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";
export const OPENMETRICS_CONTENT_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/** The latest value of each series as a page of text 0.0.4, without timestamps; stale series are left out. */
export function renderExposition(series: Iterable<Series>): string {
  return [...renderFamilies(series)].join("");
}

/** The same page in pieces of one family each, sorted by family, for a writer that minds its reader's pace. */
export function* renderFamilies(series: Iterable<Series>): Generator<string> {
  for (const [name, members] of groupByFamily(series, familyName)) {
    yield `${header(name, members, "untyped")}${members.map(renderSample).join("")}`;
  }
}

/** The page as OpenMetrics 1.0, which names a counter's family without its `_total`. */
export function renderOpenMetrics(series: Iterable<Series>): string {
  let page = "";
  for (const [name, members] of groupByFamily(series, openMetricsFamily)) {
    page += header(name, members.map(openMetricsTyped), "unknown") + members.map(renderSample).join("");
  }
  return `${page}# EOF\n`;
}

function groupByFamily(
  series: Iterable<Series>,
  familyOf: (name: string, kind: MetricKind) => string,
): [string, Series[]][] {
  const families = new Map<string, Series[]>();
  for (const one of series) {
    const last = one.samples.at(-1);
    if (last === undefined || last.stale) continue;
    const name = familyOf(one.name, one.kind);
    const members = families.get(name);
    if (members === undefined) families.set(name, [one]);
    else members.push(one);
  }
  return [...families].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** HELP and TYPE once, from the member that knows most: agents of two versions may differ. */
function header(name: string, members: readonly Series[], unknown: string): string {
  const known = members.find((one) => one.kind !== "unknown") ?? members[0];
  const help = members.find((one) => one.help !== "")?.help ?? "";
  const kind = known === undefined || known.kind === "unknown" ? unknown : known.kind;
  return `# HELP ${name} ${escapeHelp(help)}\n# TYPE ${name} ${kind}\n`;
}

function renderSample(series: Series): string {
  const value = series.samples.at(-1)?.value ?? Number.NaN;
  return `${series.name}${renderLabels(series.labels)} ${renderValue(value)}\n`;
}

function renderLabels(labels: Labels): string {
  const pairs: string[] = [];
  for (const name of sortedLabelNames(labels)) {
    const value = labels[name] ?? "";
    if (value !== "") pairs.push(`${name}="${escapeValue(value)}"`);
  }
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

/** As Go's ParseFloat reads it; JavaScript's own notation differs in the infinities only. */
export function renderValue(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return "+Inf";
  if (value === Number.NEGATIVE_INFINITY) return "-Inf";
  return String(value);
}

const ESCAPES: Readonly<Record<string, string>> = { "\\": "\\\\", "\n": "\\n", '"': '\\"' };

function escapeHelp(text: string): string {
  return text.replace(/[\\\n]/g, (character) => ESCAPES[character] ?? character);
}

function escapeValue(text: string): string {
  return text.replace(/[\\\n"]/g, (character) => ESCAPES[character] ?? character);
}

function openMetricsFamily(name: string, kind: MetricKind): string {
  return kind === "counter" && name.endsWith("_total")
    ? name.slice(0, -"_total".length)
    : familyName(name, kind);
}

/** A counter must end in `_total` there; one that does not is of unknown type. */
function openMetricsTyped(series: Series): Series {
  const misnamed = series.kind === "counter" && !series.name.endsWith("_total");
  return misnamed ? { ...series, kind: "unknown" } : series;
}
