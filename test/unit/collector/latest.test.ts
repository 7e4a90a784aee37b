import { expect, test } from "vitest";
import { DEFAULT_LATEST_LIMITS, type LatestLimits, LatestStore } from "../../../collector/latest.ts";
import { type Series, staleSample } from "../../../core/metrics/series.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { gauge } from "../../support/push.ts";
import { recordLog } from "../../support/record-log.ts";

const IP = "10.0.0.7";

function openStore(limits: Partial<LatestLimits> = {}): {
  clock: ManualClock;
  store: LatestStore;
  put: (ip: string, ...series: Series[]) => void;
  shown: (ip: string) => string[] | undefined;
} {
  const clock = new ManualClock();
  const store = new LatestStore({ ...DEFAULT_LATEST_LIMITS, ...limits }, clock);
  return {
    clock,
    store,
    put: (machine, ...series) => store.store(store.shapes.read({ machine, series })),
    shown: (ip) => {
      const machine = store.machine(ip);
      return machine && [...machine.series()].map(({ shape, sample }) => `${shape.name} ${sample.value}`);
    },
  };
}

test("keeps the newest sample of each series, whatever order they come in", () => {
  const { store, put, shown, clock } = openStore();
  const t = clock.nowMs();
  const several: Series = {
    ...gauge("b", {}),
    samples: [10, 30, 20].map((s) => ({ timestampMs: t + s, value: s })),
  };
  put(IP, gauge("a", {}, 1, t), several);
  put(IP, gauge("a", {}, 2, t + 1));
  put(IP, gauge("a", {}, 3, t - 1));
  put(IP, gauge("a", {}, 4, t + 1));
  expect(shown(IP)).toEqual(["a 4", "b 30"]);
  expect(store.dropped.late).toBe(1);
});

test("series of one name with different labels, and of different machines, are apart", () => {
  const { store, put, shown } = openStore();
  put(IP, gauge("a", { cpu: "0" }, 1), gauge("a", { cpu: "1" }, 2));
  put("10.0.0.8", gauge("a", { cpu: "0" }, 3));
  expect(shown(IP)).toEqual(["a 1", "a 2"]);
  expect(shown("10.0.0.8")).toEqual(["a 3"]);
  expect([store.machineCount, store.seriesCount]).toEqual([2, 3]);
  expect(shown("10.0.0.9")).toBeUndefined();
});

test("a stale marker ends a series, and a late sample does not bring it back", () => {
  const { put, shown, clock } = openStore();
  const t = clock.nowMs();
  put(IP, gauge("a", {}, 1, t), gauge("b", {}, 1, t));
  put(IP, { ...gauge("a", {}), samples: [staleSample(t + 10)] });
  put(IP, gauge("a", {}, 2, t + 5));
  expect(shown(IP)).toEqual(["b 1"]);
  put(IP, gauge("a", {}, 3, t + 20));
  expect(shown(IP)).toEqual(["a 3", "b 1"]);
});

test("silence is measured by our clock, not by the timestamps", async () => {
  const { store, put, shown, clock } = openStore({ staleAfterMs: 1000 });
  put(IP, gauge("old", {}, 1, 0), gauge("quiet", {}, 1, clock.nowMs()));
  await clock.advance(600);
  put(IP, gauge("old", {}, 2, 1));
  await clock.advance(600);
  expect(shown(IP)).toEqual(["old 2"]);
  expect(store.seriesCount).toBe(2);
  store.sweep();
  expect(store.seriesCount).toBe(1);
});

test("a machine remembers when it was seen first and last, after its series are gone", async () => {
  const { store, put, clock } = openStore({ staleAfterMs: 1000 });
  const start = clock.nowMs();
  put(IP, gauge("a", {}));
  await clock.advance(500);
  put(IP, gauge("a", {}));
  await clock.advance(5000);
  store.sweep();
  expect(store.machine(IP)).toMatchObject({ ip: IP, firstSeenMs: start, lastSeenMs: start + 500 });
  expect([...(store.machine(IP)?.series() ?? [])]).toEqual([]);
});

test("a sample from far in the future does not hold up those of now", () => {
  const { put, shown, clock } = openStore();
  put(IP, gauge("a", {}, 1, clock.nowMs() + 3_600_000));
  put(IP, gauge("a", {}, 2, clock.nowMs()));
  expect(shown(IP)).toEqual(["a 2"]);
});

test("bounded by series of a machine, by series, by machines; what does not fit is counted", async () => {
  const { store, put, shown, clock } = openStore({
    maxSeriesPerMachine: 2,
    maxSeries: 3,
    maxMachines: 2,
    staleAfterMs: 1000,
  });
  const [a, b, c] = ["a", "b", "c"].map((name) => gauge(name, {}));
  if (a === undefined || b === undefined || c === undefined) throw new Error("three series");
  put("10.0.0.1", a, b, c);
  put("10.0.0.2", a, b);
  put("10.0.0.3", a, b);
  expect(shown("10.0.0.1")).toEqual(["a 1", "b 1"]);
  expect(shown("10.0.0.2")).toEqual(["a 1"]);
  expect(store.dropped).toEqual({ late: 0, seriesLimit: 2, machineLimit: 2 });

  // A silent machine gives way to a new one, and takes its series along.
  await clock.advance(2000);
  put("10.0.0.2", a);
  put("10.0.0.3", a, b);
  expect([...store.machines()].map(({ ip }) => ip)).toEqual(["10.0.0.2", "10.0.0.3"]);
  expect(store.seriesCount).toBe(3);
});

test("a family is shown of every machine that has it, from one look at each of its values", async () => {
  const { store, put, clock } = openStore({ staleAfterMs: 1000 });
  const families = () =>
    store
      .families((name) => (name.startsWith("h_") ? "histogram" : "gauge"))
      .map(({ name, members }) => [
        name,
        [...members()].map(({ shape, identity, value }) => `${identity.ip} ${shape.name} ${value}`),
      ]);
  put(IP, gauge("h_sum", { ip: IP }, 5), gauge("a", { ip: IP, hostname: "web" }, 1));
  await clock.advance(900);
  put("10.0.0.8", gauge("h_count", { ip: "10.0.0.8" }, 2), gauge("a", { ip: "10.0.0.8" }, 3));
  expect(families()).toEqual([
    ["a", ["10.0.0.7 a 1", "10.0.0.8 a 3"]],
    ["h", ["10.0.0.7 h_sum 5", "10.0.0.8 h_count 2"]],
  ]);
  await clock.advance(900);
  store.sweep();
  expect(families()).toEqual([
    ["a", ["10.0.0.8 a 3"]],
    ["h", ["10.0.0.8 h_count 2"]],
  ]);
  expect(store.shapes.size).toBe(2);
  store.forget("10.0.0.8");
  store.sweep();
  expect([families(), store.seriesCount, store.shapes.size, store.machineCount]).toEqual([[], 0, 0, 1]);
});

test("a machine under another host name has the same series", () => {
  const { store, put, shown } = openStore();
  put(IP, gauge("a", { ip: IP, instance: IP, hostname: "first" }, 1));
  put(IP, gauge("a", { ip: IP, instance: IP, hostname: "second" }, 2));
  expect(shown(IP)).toEqual(["a 2"]);
  expect(store.machine(IP)?.identity).toEqual({ ip: IP, instance: IP, hostname: "second" });
});

test("a machine with too many series is told of once an hour, one machine a second", async () => {
  const clock = new ManualClock();
  const log = recordLog();
  const store = new LatestStore({ ...DEFAULT_LATEST_LIMITS, maxSeriesPerMachine: 1 }, clock, log);
  const put = (machine: string): unknown =>
    store.store(store.shapes.read({ machine, series: ["a", "b", "c"].map((name) => gauge(name, {})) }));
  for (let i = 0; i < 3; i++) for (const machine of [IP, "10.0.0.8"]) put(machine);
  expect(log.lines).toEqual([
    {
      level: "warn",
      fields: { ip: IP, dropped: 2, series: 1 },
      message: "machine has too many series",
    },
  ]);
  await clock.advance(1000);
  put("10.0.0.8");
  expect(log.lines[1]?.fields).toMatchObject({ ip: "10.0.0.8" });
  await clock.advance(3_600_000);
  put(IP);
  expect(log.lines).toHaveLength(3);
});

test("what is new comes back, each series in the order of its times", () => {
  const clock = new ManualClock();
  const t = clock.nowMs();
  const store = new LatestStore({ ...DEFAULT_LATEST_LIMITS, maxSeriesPerMachine: 1 }, clock);
  const put = (name: string, ...times: readonly number[]): readonly unknown[] => {
    const samples = times.map((timestampMs, value) => ({ timestampMs, value }));
    const { fresh } = store.store(
      store.shapes.read({ machine: IP, series: [{ ...gauge(name, {}), samples }] }),
    );
    return fresh.flatMap((one) => one.samples.map((sample) => [sample.timestampMs - t, sample.value]));
  };
  expect(put("a", t + 20, t + 10, t + 10, t + 9e8)).toEqual([
    [10, 2],
    [20, 0],
  ]);
  expect(store.unforwarded).toBe(2);
  // A time of the future does not hold up what comes after.
  expect(put("a", t + 30)).toEqual([[30, 0]]);
  expect([put("a", t + 30), put("a", t + 29), put("b", t)]).toEqual([[], [], []]);
  expect(store.unforwarded).toBe(4);
});

test("series that are too many are not kept; a machine that is too many is shown nowhere, and goes its way", () => {
  const limits = { ...DEFAULT_LATEST_LIMITS, maxSeriesPerMachine: 1, maxMachines: 1 };
  const store = new LatestStore(limits, new ManualClock());
  const names = (machine: string): readonly string[] => {
    const series = ["a", "b"].map((name) => gauge(name, {}, 1, 1000));
    return store.store(store.shapes.read({ machine, series })).kept.map(({ shape }) => shape.name);
  };
  expect([names(IP), names(IP), names("10.0.0.8")]).toEqual([["a"], ["a"], ["a", "b"]]);
});

test("of a machine that is too many nothing of the future goes on, and all in the order of its times", () => {
  const clock = new ManualClock();
  const t = clock.nowMs();
  const store = new LatestStore({ ...DEFAULT_LATEST_LIMITS, maxMachines: 0 }, clock);
  const samples = [t + 20, t + 10, t + 9e8].map((timestampMs) => ({ timestampMs, value: 1 }));
  const { fresh, kept } = store.store(
    store.shapes.read({ machine: IP, series: [{ ...gauge("a", {}), samples }] }),
  );
  expect(fresh.map((one) => one.samples.map(({ timestampMs }) => timestampMs - t))).toEqual([[10, 20]]);
  expect([kept[0]?.samples.length, store.unforwarded]).toEqual([3, 1]);
});
