import type { Machine } from "../resources/types.ts";
import type { Room } from "./types.ts";

/** Shares of a CPU have two decimals; their sums in binary are a little off. */
const ROUNDING = 1e-6;

export const NO_ROOM: Room = { cpus: 0, memoryBytes: 0, diskBytes: 0 };

export function roomOf({ limits, disk }: Pick<Machine, "limits" | "disk">): Room {
  return { cpus: limits.cpus, memoryBytes: limits.memoryBytes, diskBytes: disk.bytes };
}

export function addRoom(a: Room, b: Room): Room {
  return combine(a, b, (x, y) => x + y);
}

/** It may be less than nothing, where more was promised than there is. */
export function subtractRoom(a: Room, b: Room): Room {
  return combine(a, b, (x, y) => x - y);
}

export function fitsInto({ cpus, memoryBytes, diskBytes }: Room, free: Room): boolean {
  return cpus <= free.cpus + ROUNDING && memoryBytes <= free.memoryBytes && diskBytes <= free.diskBytes;
}

function combine(a: Room, b: Room, of: (x: number, y: number) => number): Room {
  return {
    cpus: of(a.cpus, b.cpus),
    memoryBytes: of(a.memoryBytes, b.memoryBytes),
    diskBytes: of(a.diskBytes, b.diskBytes),
  };
}
