import { renderValue } from "../../core/metrics/exposition.ts";
import type { Labels } from "../../core/metrics/series.ts";
import { jsonReply, Refusal, type Route } from "../http/route.ts";
import { canonicalAddress } from "../identity.ts";
import type { LatestSeries, LatestStore, Machine } from "../latest.ts";

/** `GET /api/v1/machines`: who has been heard of. `…/{ip}`: the same of one machine, and its latest values. */
export function machineRoutes(latest: LatestStore): readonly Route[] {
  return [
    {
      method: "GET",
      path: "/api/v1/machines",
      summary: "every machine: first and last seen, series, labels (JSON)",
      handle: () => jsonReply(200, { machines: [...latest.machines()].map(summaryOf) }),
    },
    {
      method: "GET",
      path: "/api/v1/machines/{ip}",
      summary: "one machine with its latest values (JSON)",
      handle: ({ params: { ip = "" } }) => {
        const machine = latest.machine(canonicalAddress(ip) ?? "");
        if (machine === undefined) throw new Refusal(404, `nothing has been heard of ${ip}`);
        const values = [...machine.series()].map((one) => renderLatest(one, machine.identity));
        return jsonReply(200, { ...summaryOf(machine), values });
      },
    },
  ];
}

function summaryOf({ ip, firstSeenMs, lastSeenMs, identity, series }: Machine): object {
  const { seriesCount, labels } = summarise(series());
  return {
    ip,
    firstSeen: new Date(firstSeenMs).toISOString(),
    lastSeen: new Date(lastSeenMs).toISOString(),
    seriesCount,
    labels: { ...labels, ...identity },
  };
}

function renderLatest({ shape, sample: { timestampMs, value } }: LatestSeries, identity: Labels): object {
  const { name, labels } = shape;
  // JSON has no NaN and no infinities: these are strings, as Prometheus writes them.
  return {
    name,
    labels: { ...labels, ...identity },
    timestampMs,
    value: Number.isFinite(value) ? value : renderValue(value),
  };
}

/** How many series, and what all of them say the same: labels of the machine without a list of names to maintain. */
function summarise(series: Iterable<LatestSeries>): { seriesCount: number; labels: Labels } {
  let seriesCount = 0;
  let common: Record<string, string> = {};
  for (const { shape } of series) {
    if (seriesCount++ === 0) common = { ...shape.labels };
    else for (const name in common) if (shape.labels[name] !== common[name]) delete common[name];
  }
  return { seriesCount, labels: common };
}
