import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { Clock } from "../../core/runtime/clock.ts";
import { jsonReply, type Reply, type Route } from "../http/route.ts";
import type { History } from "../inventory/history-record.ts";
import type { Inventory } from "../inventory/inventory.ts";
import type { Watch } from "../lifecycle/watch.ts";
import type { Overview, OverviewMachine } from "../page/api.ts";
import { type Glance, RECENT_STEP_MS, type Recent } from "../recent/recent.ts";
import { iso } from "./time.ts";

export interface OverviewParts {
  readonly inventory: Pick<Inventory, "machines">;
  readonly recent: Recent;
  readonly watch: Pick<Watch, "state">;
  readonly clock: Clock;
}

const compress = promisify(gzip);

/** Everything a list of all machines shows, in one reply: the last hour of each is in memory. */
export function overviewRoute({ inventory, recent, watch, clock }: OverviewParts): Route {
  return {
    method: "GET",
    path: "/api/v1/overview",
    summary: "every machine with state, present figures and its last hour, for a list (JSON)",
    handle: ({ headers }) => {
      const nowMs = clock.nowMs();
      const machines = [...inventory.machines()].map((history) =>
        summaryOf(history, watch.state(history), recent.glance(history.ip), nowMs),
      );
      const overview: Overview = { at: iso(nowMs), stepSeconds: RECENT_STEP_MS / 1000, machines };
      return compressed(jsonReply(200, overview), headers["accept-encoding"]);
    },
  };
}

function summaryOf(
  history: History,
  state: string,
  glance: Glance | undefined,
  nowMs: number,
): OverviewMachine {
  const now = (measure: string): number | null => rounded(glance?.now(measure, nowMs));
  const course = (measure: string): readonly (number | null)[] =>
    (glance?.course(measure, nowMs) ?? []).map((figure) =>
      figure === undefined ? null : Math.round(figure * 100),
    );
  return {
    ip: history.ip,
    name: glance?.labels.hostname ?? null,
    host: history.generations.at(-1)?.host ?? glance?.labels.host ?? null,
    state,
    lastSeen: iso(history.lastSeenMs),
    generations: history.generations.length,
    cpu: now("cpu"),
    memory: now("memory"),
    disk: now("disk"),
    networkBytesPerSecond: now("network"),
    cpuCourse: course("cpu"),
    memoryCourse: course("memory"),
  };
}

function rounded(figure: number | undefined): number | null {
  return figure === undefined ? null : Number(figure.toPrecision(4));
}

/** The same few characters over and over: a tenth of it is left. */
async function compressed(reply: Reply, accepted: string | string[] | undefined): Promise<Reply> {
  const vary = { ...reply.headers, vary: "accept-encoding" };
  if (!/\bgzip\b/.test(String(accepted)) || typeof reply.body !== "string")
    return { ...reply, headers: vary };
  return { ...reply, headers: { ...vary, "content-encoding": "gzip" }, body: await compress(reply.body) };
}
