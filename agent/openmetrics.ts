// OpenMetrics 1.0 (github.com/prometheus/OpenMetrics, specification/OpenMetrics.md), as far as it is not text 0.0.4:
//   # HELP node_forks Total number of forks.
//   # TYPE node_forks counter
//   node_forks_total 17
//   # EOF
import { groupByFamily, renderSample } from "../core/metrics/exposition.ts";
import type { MetricKind, Series } from "../core/metrics/series.ts";

export const OPEN_METRICS_CONTENT_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8";

const TOTAL = "_total";

/** The latest value of each series, without timestamps; stale series are left out. */
export function renderOpenMetrics(series: Iterable<Series>): string {
  const families = groupByFamily(series);
  const names = new Set(families.map(([name]) => name));
  const pages = families.map(([name, members]) => {
    const kind = members.find((one) => one.kind !== "unknown")?.kind ?? "unknown";
    const help = members.find((one) => one.help !== "")?.help ?? "";
    return renderMetadata(...familyOf(name, kind, names), help) + members.map(renderSample).join("");
  });
  return `${pages.join("")}# EOF\n`;
}

/** A counter is named without its ending, which it must have and which must be its own; others are of unknown kind here. */
function familyOf(name: string, kind: MetricKind, names: ReadonlySet<string>): [string, MetricKind] {
  if (kind !== "counter") return [name, kind];
  const base = name.slice(0, -TOTAL.length);
  return name.endsWith(TOTAL) && !names.has(base) ? [base, kind] : [name, "unknown"];
}

function renderMetadata(name: string, kind: MetricKind, help: string): string {
  const type = `# TYPE ${name} ${kind}\n`;
  return help === "" ? type : `# HELP ${name} ${escapeHelp(help)}\n${type}`;
}

const ESCAPES: Readonly<Record<string, string>> = { "\\": "\\\\", "\n": "\\n", '"': '\\"' };

function escapeHelp(text: string): string {
  return text.replace(/[\\\n"]/g, (character) => ESCAPES[character] ?? character);
}
