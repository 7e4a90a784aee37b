import { BEAT_EVERY_MS } from "../../fleet/documents.ts";
import { holdsImage } from "../../fleet/held-images.ts";
import { readFleet } from "../../fleet/hosts.ts";
import type { FleetHost } from "../../fleet/types.ts";
import { lagSeconds, renderGauges, type Sample } from "../../gauges.ts";
import type { Store } from "../../store/types.ts";
import { renderTable } from "../../table.ts";
import { listOrders, listReports, type WarmReport } from "./documents.ts";
import { isMeant } from "./round.ts";
import type { WarmRule } from "./rules.ts";

/** How far a host is with a rule. */
export interface WarmStatus {
  readonly rule: string;
  readonly host: string;
  readonly wanted: number;
  readonly present: number;
  readonly missing: readonly string[];
  readonly failed: readonly string[];
  /** When the last round that left nothing missing was ordered; 0 when none has. */
  readonly currentMs: number;
  readonly isUnderWay: boolean;
}

/** Of each host that has a report on a rule, or is meant by it. What was removed from an engine since is missing. */
export async function readWarmStatuses(
  rules: readonly WarmRule[],
  store: Store,
): Promise<readonly WarmStatus[]> {
  const [reports, { orders }] = [await listReports(store), await listOrders(store)];
  const hosts = store.isShared ? (await readFleet(store)).hosts : [];
  return rules.flatMap((rule) => {
    const own = reports.filter((report) => report.rule === rule.name);
    const known = own.map((report) => {
      const order = orders.find((each) => each.rule === rule.name && each.host === report.host);
      const host = hosts.find(({ name }) => name === report.host);
      return statusOf(report, order?.images.map(({ image }) => image) ?? [], host);
    });
    const unheard = hosts.filter(
      (host) => isMeant(host, rule.hostLabels) && !own.some((report) => report.host === host.name),
    );
    return [...known, ...unheard.map(({ name }) => neverAsked(rule.name, name))];
  });
}

function statusOf(report: WarmReport, images: readonly string[], host: FleetHost | undefined): WarmStatus {
  const { rule, wanted, failed, endedMs, currentMs } = report;
  // Both by that host's own clock. A beat from before tells nothing of what was pulled since.
  const isTold = (host?.seenMs ?? 0) > (endedMs ?? Number.POSITIVE_INFINITY) + BEAT_EVERY_MS;
  const gone = isTold ? images.filter((image) => !holdsImage(host?.images ?? [], image)) : report.missing;
  const missing = gone.filter((image) => !failed.some((each) => each.startsWith(`${image}: `)));
  return {
    ...{ rule, host: report.host, wanted, missing, failed, currentMs },
    present: Math.max(0, wanted - missing.length - failed.length),
    isUnderWay: endedMs === undefined,
  };
}

function neverAsked(rule: string, host: string): WarmStatus {
  return {
    ...{ rule, host, wanted: 0, present: 0 },
    ...{ missing: [], failed: [], currentMs: 0, isUnderWay: false },
  };
}

export function renderWarmStatus(statuses: readonly WarmStatus[]): string {
  const titles = ["RULE", "HOST", "WANTED", "PRESENT", "MISSING", "FAILED", "CURRENT AT"];
  const rows = statuses.map(({ rule, host, wanted, present, missing, failed, currentMs, isUnderWay }) => [
    ...[rule, host],
    ...[wanted, present, missing.length, failed.length].map(String),
    (currentMs === 0 ? "never" : new Date(currentMs).toISOString()) + (isUnderWay ? ", under way" : ""),
  ]);
  const problems = statuses.flatMap(({ rule, host, failed }) =>
    failed.map((each) => `${rule}: ${host}: ${each}\n`),
  );
  return renderTable(titles, rows) + problems.join("");
}

export function renderWarmMetrics(statuses: readonly WarmStatus[], nowMs: number): string {
  const images = statuses.flatMap(({ rule, host, present, missing, failed }) =>
    Object.entries({ present, missing: missing.length, failed: failed.length }).map(
      ([state, count]): Sample => [{ rule, host, state }, count],
    ),
  );
  const lags = statuses.map(
    ({ rule, host, currentMs }): Sample => [{ rule, host }, lagSeconds(currentMs, nowMs)],
  );
  return renderGauges("plimsoll_image_warm_", [
    ["images", "Images of a rule on a host, by whether they are there.", images],
    ["lag_seconds", "Since the last round that left nothing missing was ordered.", lags],
  ]);
}
