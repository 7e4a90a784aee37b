import { expect, test } from "vitest";
import { groupCapacity } from "../../../../collector/capacity/groups.ts";
import { SLOTS, type Usage } from "../../../../collector/capacity/usage.ts";

const DAY_MS = 86_400_000;

function usage(limit: number, used: (slot: number) => number, about: Partial<Usage> = {}): Usage {
  const course = Float32Array.from({ length: SLOTS }, (_, slot) => used(slot));
  const known = [...course].filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
  return {
    ...{ limit, requested: limit, used: course, forecast: undefined, knownMs: 7 * DAY_MS },
    ...{ p95: known[Math.ceil(known.length * 0.95) - 1] ?? 0, max: known.at(-1) ?? 0 },
    fullest: (course[SLOTS - 1] ?? 0) / limit,
    ...about,
  };
}

const member = (ip: string, group: string, memory: Usage) => ({ ip, group, usage: { memory } });

test("together they use less than each at most: one by day, one by night", () => {
  const day = usage(10, (slot) => (slot % 96 < 48 ? 8 : 2), { requested: 6 });
  const night = usage(10, (slot) => (slot % 96 < 48 ? 2 : 8));
  const [group, ...others] = groupCapacity([
    member("10.0.0.1", "shop", day),
    member("10.0.0.2", "shop", night),
  ]);
  expect(others).toEqual([]);
  expect(group).toMatchObject({
    name: "shop",
    machines: 2,
    resources: [
      {
        ...{ resource: "memory", unit: "bytes", limit: 20, requested: 16, unused: 4, isWasteful: false },
        ...{ used: { p50: 10, p95: 10, max: 10 }, exhaustedInDays: null, short: 0, shortages: [] },
      },
    ],
  });
});

test("the largest group first; one that nothing is known of has no figures", () => {
  const some = usage(10, () => 5);
  const members = [
    { ip: "10.0.0.9", group: "new", usage: {} },
    ...[member("10.0.0.1", "b", some), member("10.0.0.2", "b", some), member("10.0.0.3", "a", some)],
  ];
  expect(groupCapacity(members).map(({ name, resources }) => [name, resources.length])).toEqual([
    ["b", 1],
    ["a", 1],
    ["new", 0],
  ]);
});

test("too little: nearly all of it used, or none left soon; the first to be full first", () => {
  const filling = (days: number): Usage => usage(10, () => 5, { forecast: { perDay: 1, days } });
  const [group] = groupCapacity([
    member(
      "10.0.0.1",
      "g",
      usage(10, () => 9.5),
    ),
    member("10.0.0.2", "g", filling(5.5)),
    member("10.0.0.3", "g", filling(40)),
    member("10.0.0.4", "g", filling(0.3)),
  ]);
  expect(group?.resources[0]).toMatchObject({
    exhaustedInDays: 0.3,
    short: 3,
    shortages: [
      { ip: "10.0.0.1", why: "95 % used, one hour in twenty" },
      { ip: "10.0.0.4", why: "full within a day" },
      { ip: "10.0.0.2", why: "full in 5 days" },
    ],
  });
});

test("a disk is judged by its fullest file system, CPUs by use alone", () => {
  const disk = usage(100, () => 10, { fullest: 0.97 });
  const cpu = usage(4, () => 1, { forecast: { perDay: 1, days: 1 } });
  const [group] = groupCapacity([{ ip: "10.0.0.1", group: "g", usage: { disk, cpu } }]);
  expect(group?.resources.map(({ resource, shortages }) => [resource, shortages])).toEqual([
    ["cpu", []],
    ["disk", [{ ip: "10.0.0.1", why: "97 % full" }]],
  ]);
});

test("wasted: half of what is had, once that has been looked at for days", () => {
  const idle = usage(10, () => 2);
  const wasted = (one: Usage) => groupCapacity([member("10.0.0.1", "g", one)])[0]?.resources[0];
  expect(wasted(idle)).toMatchObject({ unused: 8, isWasteful: true });
  expect(wasted({ ...idle, knownMs: DAY_MS })).toMatchObject({ unused: 0, isWasteful: false });
});

test("what began lately is not taken for little used, and its first hours not for a shortage", () => {
  const [long, lately] = [
    usage(10, () => 5),
    usage(100, (slot) => (slot < SLOTS - 8 ? Number.NaN : 95), { knownMs: 7_200_000 }),
  ];
  const [group] = groupCapacity([member("10.0.0.1", "g", long), member("10.0.0.2", "g", lately)]);
  expect(group?.resources[0]).toMatchObject({ used: { p50: 100, p95: 100, max: 100 }, short: 0 });
});
