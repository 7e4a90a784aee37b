import { renderValue } from "../../core/metrics/exposition.ts";
import type { Labels } from "../../core/metrics/series.ts";
import { jsonReply, Refusal, type Route } from "../http/route.ts";
import { canonicalAddress } from "../identity.ts";
import type { History } from "../inventory/history-record.ts";
import type { Inventory } from "../inventory/inventory.ts";
import type { LatestSeries, LatestStore, Machine } from "../latest.ts";
import type { MachineState } from "../lifecycle/state.ts";
import type { Watch } from "../lifecycle/watch.ts";
import { iso } from "./time.ts";

/** `GET /api/v1/machines`: who has been heard of. `…/{ip}`: the same of one machine, all it has been, and its latest values. */
export function machineRoutes(
  latest: LatestStore,
  inventory: Inventory,
  watch: Pick<Watch, "state">,
): readonly Route[] {
  const summaries = function* (): Generator<object> {
    for (const history of inventory.machines()) {
      yield summaryOf(history, latest.machine(history.ip), watch.state(history));
    }
  };
  return [
    {
      method: "GET",
      path: "/api/v1/machines",
      summary: "every machine: first and last seen, generation, series, labels (JSON)",
      handle: () => jsonReply(200, { machines: [...summaries()] }),
    },
    {
      method: "GET",
      path: "/api/v1/machines/{ip}",
      summary: "one machine, its generations and who had the address before, its latest values (JSON)",
      handle: ({ params: { ip = "" } }) => {
        const address = canonicalAddress(ip) ?? "";
        const current = inventory.current(address);
        if (current === undefined) throw new Refusal(404, `nothing has been heard of ${ip}`);
        const machine = latest.machine(address);
        const values = machine === undefined ? [] : [...machine.series()];
        return jsonReply(200, {
          ...summaryOf(current, machine, watch.state(current)),
          histories: inventory.histories(address).map(renderHistory),
          values: values.map((one) => renderLatest(one, machine?.identity ?? {})),
        });
      },
    },
  ];
}

function summaryOf(history: History, machine: Machine | undefined, state: MachineState): object {
  const { seriesCount, labels } = summarise(machine?.series() ?? []);
  return {
    ip: history.ip,
    state,
    owner: history.owner,
    firstSeen: iso(history.firstSeenMs),
    lastSeen: iso(history.lastSeenMs),
    generations: history.generations.length,
    seriesCount,
    labels: { ...labels, ...machine?.identity },
  };
}

/** Oldest first; times as ISO 8601. */
function renderHistory({ id, owner, firstSeenMs, lastSeenMs, ended, generations }: History): object {
  return {
    history: id,
    owner,
    firstSeen: iso(firstSeenMs),
    lastSeen: iso(lastSeenMs),
    ...renderEnd(ended),
    generations: generations.map(({ startedMs, ended: end, ...about }) => ({
      ...about,
      started: iso(startedMs),
      ...renderEnd(end),
    })),
  };
}

function renderEnd(ended: History["ended"]): object {
  return ended === undefined ? {} : { ended: iso(ended.atMs), why: ended.why };
}

function renderLatest({ shape, sample: { timestampMs, value } }: LatestSeries, identity: Labels): object {
  const labels = { ...shape.labels, ...identity };
  // JSON has no NaN and no infinities: these are strings, as Prometheus writes them.
  return {
    name: shape.name,
    labels,
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
