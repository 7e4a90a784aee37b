import type { CapacityGroup, CapacityResource, Shortage } from "../page/api.ts";
import { RESOURCES, type Resource } from "./resources.ts";
import { type MachineUsage, quantile, SLOTS, type Usage } from "./usage.ts";

/** One machine with the group that it belongs to. */
export interface Member {
  readonly ip: string;
  readonly group: string;
  readonly usage: MachineUsage;
}

const DAY_MS = 86_400_000;
/** A machine that uses more of its limit than this has too little of it. */
const FULL = 0.9;
const SOON_DAYS = 14;
/** Where at least this part of all limits was never used, though they have been known for days. */
const WASTEFUL = 0.5;
const KNOWN_MS = 3 * DAY_MS;
/** One hour of haste is no shortage. */
const HASTE_MS = DAY_MS / 4;
/** The part of all limits that has to be known of a window. */
const MOST = 0.5;
/** Told of one group; how many there are is counted. */
const MAX_SHORTAGES = 20;

/** What groups of machines asked for, may use and used; the largest first. */
export function groupCapacity(members: readonly Member[]): readonly CapacityGroup[] {
  const groups = new Map<string, Member[]>();
  for (const member of members) {
    const others = groups.get(member.group);
    if (others === undefined) groups.set(member.group, [member]);
    else others.push(member);
  }
  return [...groups]
    .map(([name, some]) => ({
      name,
      machines: some.length,
      resources: RESOURCES.flatMap((resource) => resourceOf(resource, some)),
    }))
    .sort((a, b) => b.machines - a.machines || (a.name < b.name ? -1 : 1));
}

function resourceOf({ name, unit }: Resource, members: readonly Member[]): readonly CapacityResource[] {
  const known = members.flatMap(({ ip, usage }) => {
    const found = usage[name];
    return found === undefined ? [] : [{ ip, ...found }];
  });
  if (known.length === 0) return [];
  const total = (figure: (usage: Usage) => number): number =>
    known.reduce((sum, one) => sum + figure(one), 0);
  const limit = total((one) => one.limit);
  const judged = known.filter(({ knownMs }) => knownMs >= KNOWN_MS);
  const unused = judged.reduce((sum, one) => sum + Math.max(0, one.limit - one.max), 0);
  const shortages = known.flatMap((one) => shortageOf(name, one) ?? []).sort((a, b) => a.days - b.days);
  return [
    {
      ...{ resource: name, unit, limit, requested: total((one) => one.requested) },
      used: usedTogether(known),
      unused,
      isWasteful: judged.length > 0 && unused / judged.reduce((sum, one) => sum + one.limit, 0) >= WASTEFUL,
      exhaustedInDays: soonest(known),
      short: shortages.length,
      shortages: shortages.slice(0, MAX_SHORTAGES).map(({ ip, why }) => ({ ip, why })),
    },
  ];
}

/**
 * Machines are busy at different times: what they use together is less than the sum of what each does at most.
 * Windows in which most of them were not known yet say nothing of all.
 */
function usedTogether(known: readonly Usage[]): CapacityResource["used"] {
  const [sums, limits] = [new Float64Array(SLOTS), new Float64Array(SLOTS)];
  for (const { used, limit } of known) {
    for (const [slot, value] of used.entries()) {
      if (Number.isNaN(value)) continue;
      sums[slot] = (sums[slot] ?? 0) + value;
      limits[slot] = (limits[slot] ?? 0) + limit;
    }
  }
  const enough = Math.max(...limits) * MOST;
  const sorted = sums.filter((_, slot) => enough > 0 && (limits[slot] ?? 0) >= enough).sort();
  return { p50: quantile(sorted, 0.5), p95: quantile(sorted, 0.95), max: sorted.at(-1) ?? 0 };
}

function soonest(known: readonly Usage[]): number | null {
  const days = known.flatMap(({ forecast }) => (forecast === undefined ? [] : [forecast.days]));
  return days.length === 0 ? null : Math.min(...days);
}

/** What is filled is judged by how full it is, what is used in turns by how often it is full. */
function shortageOf(
  resource: Resource["name"],
  { ip, limit, p95, fullest, forecast, knownMs }: Usage & { readonly ip: string },
): (Shortage & { readonly days: number }) | undefined {
  const part = resource === "disk" ? fullest : p95 / limit;
  const percent = Math.round(part * 100);
  if (part >= FULL && (resource === "disk" || knownMs >= HASTE_MS)) {
    const why = resource === "disk" ? `${percent} % full` : `${percent} % used, one hour in twenty`;
    return { ip, why, days: 0 };
  }
  // CPUs are used, not filled: their trend is shown and nobody is woken.
  if (resource === "cpu" || forecast === undefined || forecast.days > SOON_DAYS) return undefined;
  const days = Math.floor(forecast.days);
  return { ip, why: days < 1 ? "full within a day" : `full in ${days} days`, days: forecast.days };
}
