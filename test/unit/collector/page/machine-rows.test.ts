import { expect, test } from "vitest";
import type { OverviewMachine } from "../../../../collector/page/api.ts";
import { type Column, countStates, firstOrder, selectRows } from "../../../../collector/page/machine-rows.ts";

function machine(ip: string, about: Partial<OverviewMachine> = {}): OverviewMachine {
  return {
    ...{ ip, name: null, host: null, state: "reporting", lastSeen: "2026-01-01T00:00:00Z", generations: 1 },
    ...{ cpu: null, memory: null, disk: null, networkBytesPerSecond: null, cpuCourse: [], memoryCourse: [] },
    ...about,
  };
}

const machines = [
  machine("10.0.0.10", { name: "Shop-1", host: "h1", cpu: 0.5, networkBytesPerSecond: 5 }),
  machine("10.0.0.9", { name: "shop-2", host: "h2", cpu: 0.9, lastSeen: "2026-01-02T00:00:00Z" }),
  machine("10.0.0.11", { name: "pay-1", state: "silent" }),
  machine("fd00::1", { host: "h1", state: "stopped", cpu: 0 }),
];

function select(column: Column, search = "", state?: string): readonly string[] {
  return selectRows(machines, { search, state, order: firstOrder(column) }).map(({ ip }) => ip);
}

test("in order: urgent states and large figures first, unknown ones last, addresses by number", () => {
  expect(select("ip")).toEqual(["10.0.0.9", "10.0.0.10", "10.0.0.11", "fd00::1"]);
  expect(select("state")).toEqual(["10.0.0.11", "fd00::1", "10.0.0.9", "10.0.0.10"]);
  expect(select("cpu")).toEqual(["10.0.0.9", "10.0.0.10", "fd00::1", "10.0.0.11"]);
  expect(select("network")[0]).toBe("10.0.0.10");
  expect(select("seen")[0]).toBe("10.0.0.9");
  expect(select("name")).toEqual(["10.0.0.10", "10.0.0.11", "10.0.0.9", "fd00::1"]);
});

test("every word is to be found, in whatever it is that a machine is known by", () => {
  expect(select("ip", "SHOP h2")).toEqual(["10.0.0.9"]);
  expect(select("ip", " 10.0.0.1 ")).toEqual(["10.0.0.10", "10.0.0.11"]);
  expect(select("ip", "h1", "stopped")).toEqual(["fd00::1"]);
  expect(select("ip", "nobody")).toEqual([]);
});

test("how many are in each state", () => {
  expect(countStates(machines)).toEqual([
    ["silent", 1],
    ["stopped", 1],
    ["reporting", 2],
  ]);
});
