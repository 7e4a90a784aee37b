import { expect, test } from "vitest";
import { readUsage, SLOTS, STEP_MS, weekUpTo } from "../../../../collector/capacity/usage.ts";
import type { HistoryReader } from "../../../../collector/history/reader.ts";

const NOW_MS = Date.UTC(2026, 0, 8, 0, 7);
const HISTORY = { id: 1, ip: "10.0.0.7", owner: undefined, firstSeenMs: 0, lastSeenMs: 0, generations: [] };

/** A reader of gauges: a value by name and window. */
function readerOf(values: Readonly<Record<string, (slot: number) => number>>): HistoryReader {
  return {
    samples: async () => [],
    windows: async (_, { names }, { fromMs, toMs, stepMs }) => {
      const times = Array.from({ length: (toMs - fromMs) / stepMs }, (__, i) => fromMs + (i + 1) * stepMs);
      return names.flatMap((name) => {
        const value = values[name];
        if (value === undefined) return [];
        const samples = { times, values: times.map((___, i) => value(i)) };
        return [{ series: { name, labels: {} }, windows: { kind: "gauge", mean: samples, max: samples } }];
      });
    },
    close: async () => {},
  };
}

test("a week in whole quarters of an hour", () => {
  expect(weekUpTo(NOW_MS)).toEqual({ fromMs: Date.UTC(2026, 0, 1), toMs: Date.UTC(2026, 0, 8) });
  expect(SLOTS * STEP_MS).toBe(7 * 86_400_000);
});

test("limit, use and how it goes on; what nobody measures is not there", async () => {
  const reader = readerOf({
    node_memory_MemTotal_bytes: () => 1000,
    node_memory_MemAvailable_bytes: (slot) => 1000 - slot,
    plimsoll_requested_memory_bytes: () => 800,
  });
  const { memory, cpu, disk } = await readUsage(reader, HISTORY, NOW_MS);
  expect([cpu, disk]).toEqual([undefined, undefined]);
  expect(memory).toMatchObject({ limit: 1000, requested: 800, p95: 638, max: 671, fullest: 0.671 });
  expect(memory?.knownMs).toBe(7 * 86_400_000);
  expect(memory?.forecast?.perDay).toBeCloseTo(96, 0);
  expect(memory?.forecast?.days).toBeCloseTo(329 / 96, 0);
  expect([memory?.used[0], memory?.used[SLOTS - 1]]).toEqual([0, 671]);
});

test("who does not say what was asked for has asked for the limit", async () => {
  const reader = readerOf({ node_filesystem_size_bytes: () => 10, node_filesystem_avail_bytes: () => 10 });
  const { disk } = await readUsage(reader, HISTORY, NOW_MS);
  expect(disk).toMatchObject({ limit: 10, requested: 10, max: 0, forecast: undefined });
});
