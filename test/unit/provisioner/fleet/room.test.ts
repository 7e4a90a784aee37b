import { expect, test } from "vitest";
import { addRoom, fitsInto, NO_ROOM, roomOf, subtractRoom } from "../../../../provisioner/fleet/room.ts";

const MACHINE = {
  limits: { cpus: 0.5, cpuset: "0", memoryBytes: 100 },
  disk: { bytes: 7, fileSystem: "ext4" },
} as const;

test("a machine takes what it was promised", () => {
  expect(roomOf(MACHINE)).toEqual({ cpus: 0.5, memoryBytes: 100, diskBytes: 7 });
});

test("sums and rests", () => {
  const twice = addRoom(roomOf(MACHINE), roomOf(MACHINE));

  expect(twice).toEqual({ cpus: 1, memoryBytes: 200, diskBytes: 14 });
  expect(subtractRoom(twice, roomOf(MACHINE))).toEqual(roomOf(MACHINE));
});

test("ten tenths of a CPU fit into one, and an eleventh does not", () => {
  const tenth = { ...NO_ROOM, cpus: 0.1 };
  const ten = Array.from({ length: 9 }, () => tenth).reduce(addRoom, tenth);

  expect(fitsInto(ten, { ...NO_ROOM, cpus: 1 })).toBe(true);
  expect(fitsInto(addRoom(ten, tenth), { ...NO_ROOM, cpus: 1 })).toBe(false);
});

test.for(["cpus", "memoryBytes", "diskBytes"] as const)("each of them counts: %s", (kind) => {
  expect(fitsInto({ ...NO_ROOM, [kind]: 2 }, { cpus: 2, memoryBytes: 2, diskBytes: 2, [kind]: 1 })).toBe(
    false,
  );
});
