// Prometheus' text format 0.0.4 (prometheus.io, "Exposition formats"):
//   # HELP node_load1 1m load average.
//   # TYPE node_load1 gauge
//   node_load1{instance="10.0.0.7"} 0.25
import { sortedLabelNames } from "./labels.ts";
import { familyName, type Labels, type MetricKind, type Series } from "./series.ts";

export const TEXT_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** The latest value of each series as a page of text 0.0.4, without timestamps; stale series are left out. */
export function renderExposition(series: Iterable<Series>): string {
  return [...renderFamilies(series)].join("");
}

/** The same page in pieces of one family each, sorted by family, for a writer that minds its reader's pace. */
export function* renderFamilies(series: Iterable<Series>): Generator<string> {
  for (const [name, members] of groupByFamily(series)) {
    yield `${headerOf(name, members)}${members.map(renderSample).join("")}`;
  }
}

/** Series by the family they belong to, sorted by its name; stale ones are left out. */
export function groupByFamily(series: Iterable<Series>): [name: string, members: Series[]][] {
  const families = new Map<string, Series[]>();
  for (const one of series) {
    const last = one.samples.at(-1);
    if (last === undefined || last.stale) continue;
    const name = familyName(one.name, one.kind);
    const members = families.get(name);
    if (members === undefined) families.set(name, [one]);
    else members.push(one);
  }
  return [...families].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** HELP and TYPE once, from the member that knows most: agents of two versions may differ. */
function headerOf(name: string, members: readonly Series[]): string {
  const known = members.find((one) => one.kind !== "unknown") ?? members[0];
  const help = members.find((one) => one.help !== "")?.help ?? "";
  return renderHeader(name, known?.kind ?? "unknown", help);
}

/** The two lines before a family's samples. */
export function renderHeader(name: string, kind: MetricKind, help: string): string {
  return `# HELP ${name} ${escapeHelp(help)}\n# TYPE ${name} ${kind === "unknown" ? "untyped" : kind}\n`;
}

/** The line of a series' latest sample. */
export function renderSample({ name, labels, samples }: Series): string {
  const pairs = renderPairs(labels);
  return `${name}${pairs === "" ? "" : `{${pairs}}`} ${renderValue(samples.at(-1)?.value ?? Number.NaN)}\n`;
}

/** `a="1",b="2"`, sorted; a label without a value is no label. */
export function renderPairs(labels: Labels): string {
  const pairs: string[] = [];
  for (const name of sortedLabelNames(labels)) {
    const value = labels[name] ?? "";
    if (value !== "") pairs.push(`${name}="${escapeValue(value)}"`);
  }
  return pairs.join(",");
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
