import type { OverviewMachine } from "./api.ts";

/** What the list is ordered by. */
export type Column = "state" | "ip" | "name" | "host" | "cpu" | "memory" | "disk" | "network" | "seen";

export interface Order {
  readonly column: Column;
  readonly isDescending: boolean;
}

export interface Wanted {
  readonly search: string;
  /** Undefined for any. */
  readonly state: string | undefined;
  readonly order: Order;
}

/** What needs somebody's eyes first. */
const URGENCY = ["host-away", "silent", "stopped", "planned", "reporting", "released"];

/** Figures are looked at from the largest, names from the first. */
export function firstOrder(column: Column): Order {
  return { column, isDescending: ["cpu", "memory", "disk", "network"].includes(column) };
}

/** The machines that are looked for, in order; those of which a figure is not known come last. */
export function selectRows(
  machines: readonly OverviewMachine[],
  { search, state, order }: Wanted,
): readonly OverviewMachine[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const found = machines.filter(
    (machine) =>
      (state === undefined || machine.state === state) && words.every((word) => says(machine, word)),
  );
  const sign = order.isDescending ? -1 : 1;
  return found
    .map((machine) => ({ machine, key: keyOf(machine, order.column) }))
    .sort((a, b) => compareKeys(a.key, b.key, sign) || compareKeys(ipKey(a.machine), ipKey(b.machine), 1))
    .map(({ machine }) => machine);
}

/** How many machines are in each state, the urgent ones first. */
export function countStates(machines: readonly OverviewMachine[]): readonly (readonly [string, number])[] {
  const counts = new Map<string, number>();
  for (const { state } of machines) counts.set(state, (counts.get(state) ?? 0) + 1);
  return [...counts].sort(([a], [b]) => URGENCY.indexOf(a) - URGENCY.indexOf(b));
}

function says({ ip, name, host, state }: OverviewMachine, word: string): boolean {
  return [ip, name, host, state].some((text) => text?.toLowerCase().includes(word));
}

type Key = string | number | null;

function keyOf(machine: OverviewMachine, column: Column): Key {
  switch (column) {
    case "state":
      return URGENCY.indexOf(machine.state);
    case "ip":
      return ipKey(machine);
    case "network":
      return machine.networkBytesPerSecond;
    case "seen":
      return -Date.parse(machine.lastSeen);
    default:
      return machine[column];
  }
}

/** 10.0.0.9 before 10.0.0.10. */
function ipKey({ ip }: OverviewMachine): string {
  return ip.includes(":") ? `x${ip}` : ip.replaceAll(/\d+/g, (part) => part.padStart(3, "0"));
}

function compareKeys(a: Key, b: Key, sign: number): number {
  if (a === b) return 0;
  if (a === null) return 1;
  if (b === null) return -1;
  return a < b ? -sign : sign;
}
