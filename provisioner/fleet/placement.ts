import { renderBytes } from "../step/render.ts";
import { holdsImage } from "./held-images.ts";
import { findMissingLabel } from "./labels.ts";
import { addRoom, fitsInto, subtractRoom } from "./room.ts";
import type { FleetHost, Room } from "./types.ts";

/** What the planner has to know of a host. */
export type Candidate = Pick<FleetHost, "name" | "state" | "labels" | "capacity" | "used" | "images">;

/** A machine that needs a host. */
export interface PlacementRequest {
  readonly name: string;
  readonly image: string;
  readonly needs: Room;
}

export interface PlacementRules {
  /** This host and no other. */
  readonly on?: string | undefined;
  /** Hosts with all of these labels only. */
  readonly hostLabels: Readonly<Record<string, string>>;
  /** Over the values of this label as evenly as can be; `host` is each host for itself. */
  readonly spread?: string | undefined;
  /** Those for which there is room, when there is not for all. */
  readonly partial: boolean;
}

export interface Placement {
  readonly placed: readonly Place[];
  readonly refused: readonly Refusal[];
}

export interface Place {
  readonly name: string;
  readonly host: string;
  /** Its image is there already, as far as that host says. */
  readonly hasImage: boolean;
}

/** A machine for which there is no host, and why: each of them, or the fleet as a whole. */
export interface Refusal {
  readonly name: string;
  readonly why: readonly string[];
}

/** `--spread host`. */
const EACH_HOST = "host";

/** What a host has been given so far, in the order of names: equal questions get equal answers. */
interface Slot {
  readonly host: Candidate;
  readonly group: string;
  used: Room;
  count: number;
}

/**
 * Gives each machine a host: one that has its image before one that has to fetch it, and of those the one of
 * which the most is left over then. Never more than a host has; with `spread` no group gets two more than another, so that where the emptiest is full the rest is refused.
 */
export function planPlacement(
  hosts: readonly Candidate[],
  requests: readonly PlacementRequest[],
  rules: PlacementRules,
): Placement {
  const sorted = [...hosts].sort(byName);
  const slots = sorted
    .filter((host) => findObstacle(host, rules) === undefined)
    .map((host): Slot => ({ host, group: groupOf(host, rules), used: host.used, count: 0 }));
  const placed: Place[] = [];
  const refused: Refusal[] = [];
  for (const request of requests) {
    const { name, needs } = request;
    const slot = chooseSlot(slots, request, rules);
    if (slot === undefined) refused.push({ name, why: explain(sorted, slots, needs, rules) });
    else {
      slot.used = addRoom(slot.used, needs);
      slot.count++;
      placed.push({ name, host: slot.host.name, hasImage: holdsImage(slot.host.images, request.image) });
    }
  }
  return { placed: refused.length > 0 && !rules.partial ? [] : placed, refused };
}

/** Why a host is not asked at all, however much room it has. */
function findObstacle({ name, state, labels }: Candidate, rules: PlacementRules): string | undefined {
  if (rules.on !== undefined && rules.on !== name) return `is not ${rules.on}`;
  if (state !== "ready") return `is ${state}`;
  const missing = findMissingLabel(labels, rules.hostLabels);
  if (missing !== undefined) return `has not the label ${missing.join("=")}`;
  const { spread } = rules;
  const isUnspread = spread !== undefined && spread !== EACH_HOST && labels[spread] === undefined;
  return isUnspread ? `has no label ${spread} to spread over` : undefined;
}

function groupOf({ name, labels }: Candidate, { spread = EACH_HOST }: PlacementRules): string {
  return spread === EACH_HOST ? name : (labels[spread] ?? "");
}

function chooseSlot(
  slots: readonly Slot[],
  { needs, image }: PlacementRequest,
  rules: PlacementRules,
): Slot | undefined {
  const fitting = openSlots(slots, rules).filter(({ host, used }) =>
    fitsInto(needs, subtractRoom(host.capacity, used)),
  );
  const warm = fitting.filter(({ host }) => holdsImage(host.images, image));
  const [first, ...others] = warm.length > 0 ? warm : fitting;
  return others.reduce(
    (best, slot) =>
      best !== undefined && shareLeft(slot, needs) > shareLeft(best, needs) + Number.EPSILON ? slot : best,
    first,
  );
}

/** With `spread` those of the groups that have the fewest. */
function openSlots(slots: readonly Slot[], { spread }: PlacementRules): readonly Slot[] {
  if (spread === undefined) return slots;
  const counts = new Map<string, number>();
  for (const { group, count } of slots) counts.set(group, (counts.get(group) ?? 0) + count);
  const least = Math.min(...counts.values());
  return slots.filter(({ group }) => counts.get(group) === least);
}

/** Of what is scarcest there. */
function shareLeft({ host: { capacity }, used }: Slot, needs: Room): number {
  const left = subtractRoom(capacity, addRoom(used, needs));
  return Math.min(
    left.cpus / capacity.cpus,
    left.memoryBytes / capacity.memoryBytes,
    left.diskBytes / capacity.diskBytes,
  );
}

function explain(
  hosts: readonly Candidate[],
  slots: readonly Slot[],
  needs: Room,
  rules: PlacementRules,
): readonly string[] {
  if (rules.on !== undefined && !hosts.some(({ name }) => name === rules.on))
    return [`no host ${rules.on} in the fleet`];
  if (hosts.length === 0) return ["no host in the fleet"];
  const asked = hosts.filter(({ name }) => rules.on === undefined || name === rules.on);
  return asked.map((host) => {
    const slot = slots.find((each) => each.host === host);
    const why = slot === undefined ? findObstacle(host, rules) : explainLack(slot, needs, rules);
    return `${host.name} ${why}`;
  });
}

function explainLack({ host, used, group }: Slot, needs: Room, { spread }: PlacementRules): string {
  const free = subtractRoom(host.capacity, used);
  const lacks = [
    ...(needs.cpus > free.cpus ? [`${round(free.cpus)} CPUs free, ${needs.cpus} needed`] : []),
    ...lackOf("memory", free.memoryBytes, needs.memoryBytes),
    ...lackOf("disk", free.diskBytes, needs.diskBytes),
  ];
  return lacks.length > 0 ? `has ${lacks.join("; ")}` : `would get too many for --spread ${spread}, ${group}`;
}

function lackOf(what: string, free: number, needed: number): readonly string[] {
  return needed > free
    ? [`${renderBytes(Math.max(0, free))} of ${what} free, ${renderBytes(needed)} needed`]
    : [];
}

function round(cpus: number): number {
  return Math.max(0, Math.round(cpus * 100) / 100);
}

function byName(a: Candidate, b: Candidate): number {
  return a.name < b.name ? -1 : 1;
}

/** `web-3: no host for it: h1 is lost, h2 has 0.5 CPUs free, 1 needed`. */
export function renderRefusal({ name, why }: Refusal): string {
  return `${name}: no host for it: ${why.join(", ")}`;
}
