import type { Labels, Series } from "../../core/metrics/series.ts";
import type { CapacityGroup, CapacityResource } from "../page/api.ts";

/** What alerts on shortage and waste are made of: a few series for each group and resource. */
export function* capacitySeries(
  by: string,
  groups: readonly CapacityGroup[],
  nowMs: number,
): Generator<Series> {
  for (const { name, resources } of groups) {
    for (const one of resources) {
      for (const [metric, help, value, more = {}] of rowsOf(one)) {
        const labels: Labels = { by, group: name, ...more };
        const samples = [{ timestampMs: nowMs, value }];
        yield { name: `plimsoll_capacity_${one.resource}_${metric}`, kind: "gauge", help, labels, samples };
      }
    }
  }
}

type Row = readonly [metric: string, help: string, value: number, labels?: Labels];

function rowsOf({ unit, limit, requested, used, unused, ...judged }: CapacityResource): readonly Row[] {
  const usedHelp = "What its machines used together in windows of a quarter of an hour, over a week.";
  const exhausted = judged.exhaustedInDays;
  return [
    [`limit_${unit}`, "What its machines may use.", limit],
    [`requested_${unit}`, "What was asked for; the limit where nobody says.", requested],
    [`used_${unit}`, usedHelp, used.p50, { quantile: "0.5" }],
    [`used_${unit}`, usedHelp, used.p95, { quantile: "0.95" }],
    [`used_${unit}`, usedHelp, used.max, { quantile: "1" }],
    [`unused_${unit}`, "Limits that no machine came near to in a week.", unused],
    ["wasteful", "1 where half of the limits or more were never used.", Number(judged.isWasteful)],
    ["short_machines", "Machines that use nearly all of it, or will within two weeks.", judged.short],
    ...(exhausted === null
      ? []
      : [["exhausted_seconds", "Until the first machine has none left.", exhausted * 86_400] as const]),
  ];
}
