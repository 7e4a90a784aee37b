import type { Series } from "../../core/metrics/series.ts";
import type { Requested } from "../lifecycle/provisioner-client.ts";
import type { Capacity } from "../page/api.ts";
import type { Recent } from "../recent/recent.ts";
import { capacitySeries } from "./capacity-series.ts";
import { groupCapacity, type Member } from "./groups.ts";
import { Survey, type SurveyOptions } from "./survey.ts";
import { type MachineUsage, withRequested } from "./usage.ts";

export interface Fleet {
  /** The label that says whose a machine is. */
  readonly businessLabel: string;
  /** Those whose week has been read, each with its group by a label; and how many machines there are. */
  members(by: string): { readonly members: readonly Member[]; readonly machines: number };
  /** All of them, and by a label. */
  capacity(by: string): FleetCapacity;
  /** By business and by host. */
  series(nowMs: number): Generator<Series>;
  close(): Promise<void>;
}

export interface FleetCapacity extends Pick<Capacity, "machines" | "surveyed" | "all" | "groups"> {
  readonly atMs: number;
}

export interface FleetOptions extends SurveyOptions {
  readonly recent: Pick<Recent, "glance">;
  readonly businessLabel: string;
  /** What was asked for of a machine; undefined where nobody says. */
  readonly requested: (ip: string) => Requested | undefined;
}

/** Adding up the weeks of a thousand machines takes longer than reading what came of it. */
const FRESH_MS = 10_000;
/** Groupings that are kept: anybody may ask for any. */
const MAX_KEPT = 8;

/** Of whom nobody says what they belong to. */
const NONE = "(none)";

/** What all machines have and use; reads their weeks until it is closed. */
export function openFleet({ recent, businessLabel, requested, ...options }: FleetOptions): Fleet {
  const survey = new Survey(options);
  const stop = new AbortController();
  const running = survey.run(stop.signal);
  const groupOf = (ip: string, host: string | undefined, by: string): string => {
    if (by === "ip") return ip;
    if (by === "host" && host !== undefined) return host;
    return recent.glance(ip)?.labels[by] ?? NONE;
  };
  const asAsked = (ip: string, usage: MachineUsage): MachineUsage => {
    const asked = requested(ip);
    return asked === undefined ? usage : withRequested(usage, asked);
  };
  const membersBy = (by: string): ReturnType<Fleet["members"]> => {
    const all = [...survey.machines()];
    const members = all.flatMap(({ history: { ip, generations }, usage }) =>
      usage === undefined
        ? []
        : [{ ip, usage: asAsked(ip, usage), group: groupOf(ip, generations.at(-1)?.host, by) }],
    );
    return { members, machines: all.length };
  };
  const capacities = new Map<string, FleetCapacity>();
  const capacityBy = (by: string): FleetCapacity => {
    const nowMs = options.clock.nowMs();
    const known = capacities.get(by);
    if (known !== undefined && nowMs - known.atMs < FRESH_MS) return known;
    if (capacities.size >= MAX_KEPT) capacities.clear();
    const { members, machines } = membersBy(by);
    const [all = null] = groupCapacity(members.map((member) => ({ ...member, group: "all" })));
    const capacity = { atMs: nowMs, machines, surveyed: members.length, all, groups: groupCapacity(members) };
    capacities.set(by, capacity);
    return capacity;
  };
  return {
    businessLabel,
    members: membersBy,
    capacity: capacityBy,
    *series(nowMs) {
      for (const by of new Set([businessLabel, "host"]))
        yield* capacitySeries(by, capacityBy(by).groups, nowMs);
    },
    close: async () => {
      stop.abort();
      await running;
    },
  };
}
