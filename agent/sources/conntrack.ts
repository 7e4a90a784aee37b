import { parseOneLine, parseUnsigned } from "../../core/kernel/lines.ts";
import { parseNfConntrackStat } from "../../core/kernel/proc/nf-conntrack-stat.ts";
import { gauge, type Metric, point } from "../metric.ts";
import { defineSource, NoData, readIfThere, type SourceKind } from "../source-kind.ts";

const ENTRIES = gauge(
  "node_nf_conntrack_entries",
  "Number of currently allocated flow entries for connection tracking.",
);
const LIMIT = gauge("node_nf_conntrack_entries_limit", "Maximum size of connection tracking table.");

/** node_exporter calls them gauges. */
const STATS: readonly (readonly [column: string, Metric])[] = [
  ["found", gauge("node_nf_conntrack_stat_found", "Searched entries that were there.")],
  ["invalid", gauge("node_nf_conntrack_stat_invalid", "Packets that cannot be tracked.")],
  ["ignore", gauge("node_nf_conntrack_stat_ignore", "Packets of connections known already.")],
  ["insert", gauge("node_nf_conntrack_stat_insert", "Entries inserted.")],
  ["insert_failed", gauge("node_nf_conntrack_stat_insert_failed", "Entries that could not be inserted.")],
  ["drop", gauge("node_nf_conntrack_stat_drop", "Packets dropped because they could not be tracked.")],
  ["early_drop", gauge("node_nf_conntrack_stat_early_drop", "Entries dropped to make room for new ones.")],
  [
    "search_restart",
    gauge("node_nf_conntrack_stat_search_restart", "Look-ups started again after a resize."),
  ],
];

export const conntrack: SourceKind = defineSource({
  name: "conntrack",
  describes: "connections tracked by netfilter, where it is in use",
  open:
    () =>
    async ({ nowMs, read }) => {
      const number = async (metric: Metric, file: string) => {
        const path = `/proc/sys/net/netfilter/${file}`;
        const text = await readIfThere(read, path);
        if (text === undefined) throw new NoData("no connections are tracked");
        const line = parseOneLine(text, path);
        return point(metric, {}, parseUnsigned(line.text, line), nowMs);
      };
      const totals = await Promise.all([
        number(ENTRIES, "nf_conntrack_count"),
        number(LIMIT, "nf_conntrack_max"),
      ]);
      const statText = await readIfThere(read, "/proc/net/stat/nf_conntrack");
      if (statText === undefined) return totals;
      const sums = parseNfConntrackStat(statText, "/proc/net/stat/nf_conntrack");
      return [...totals, ...STATS.map(([column, metric]) => point(metric, {}, sums.get(column) ?? 0, nowMs))];
    },
});
