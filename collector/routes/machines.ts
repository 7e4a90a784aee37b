import { renderValue } from "../../core/metrics/exposition.ts";
import { setLabel } from "../../core/metrics/labels.ts";
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
        return jsonReply(200, { ...summaryOf(machine), values: machine.series.map(renderLatest) });
      },
    },
  ];
}

function summaryOf({ ip, firstSeenMs, lastSeenMs, series }: Machine): object {
  return {
    ip,
    firstSeen: new Date(firstSeenMs).toISOString(),
    lastSeen: new Date(lastSeenMs).toISOString(),
    seriesCount: series.length,
    labels: commonLabels(series),
  };
}

function renderLatest({ name, labels, sample: { timestampMs, value } }: LatestSeries): object {
  // JSON has no NaN and no infinities: these are strings, as Prometheus writes them.
  return { name, labels, timestampMs, value: Number.isFinite(value) ? value : renderValue(value) };
}

/** What every series of a machine says the same of itself: its identity, without a list of names to maintain. */
function commonLabels(series: readonly LatestSeries[]): Labels {
  const common: Record<string, string> = {};
  const [first, ...others] = series;
  for (const [name, value] of Object.entries(first?.labels ?? {})) {
    if (others.every(({ labels }) => labels[name] === value)) setLabel(common, name, value);
  }
  return common;
}
