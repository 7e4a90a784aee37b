import type { Series } from "../../core/metrics/series.ts";
import type { Recent } from "../recent/recent.ts";
import { capacitySeries } from "./capacity-series.ts";
import { groupCapacity, type Member } from "./groups.ts";
import { Survey, type SurveyOptions } from "./survey.ts";

export interface Fleet {
  /** The label that says whose a machine is. */
  readonly businessLabel: string;
  /** Those whose week has been read, each with its group by a label; and how many machines there are. */
  members(by: string): { readonly members: readonly Member[]; readonly machines: number };
  /** By business and by host. */
  series(nowMs: number): Generator<Series>;
  close(): Promise<void>;
}

export interface FleetOptions extends SurveyOptions {
  readonly recent: Pick<Recent, "glance">;
  readonly businessLabel: string;
}

/** Of whom nobody says what they belong to. */
const NONE = "(none)";

/** What all machines have and use; reads their weeks until it is closed. */
export function openFleet({ recent, businessLabel, ...options }: FleetOptions): Fleet {
  const survey = new Survey(options);
  const stop = new AbortController();
  const running = survey.run(stop.signal);
  const groupOf = (ip: string, host: string | undefined, by: string): string => {
    if (by === "ip") return ip;
    if (by === "host" && host !== undefined) return host;
    return recent.glance(ip)?.labels[by] ?? NONE;
  };
  const membersBy = (by: string): ReturnType<Fleet["members"]> => {
    const all = [...survey.machines()];
    const members = all.flatMap(({ history: { ip, generations }, usage }) =>
      usage === undefined ? [] : [{ ip, usage, group: groupOf(ip, generations.at(-1)?.host, by) }],
    );
    return { members, machines: all.length };
  };
  return {
    businessLabel,
    members: membersBy,
    *series(nowMs) {
      for (const by of new Set([businessLabel, "host"]))
        yield* capacitySeries(by, groupCapacity(membersBy(by).members), nowMs);
    },
    close: async () => {
      stop.abort();
      await running;
    },
  };
}
