import { expect, test } from "vitest";
import { Recent } from "../../../../collector/recent/recent.ts";
import { Shapes } from "../../../../collector/shapes.ts";
import { gauge } from "../../../support/push.ts";

const IP = "10.0.0.7";
const identity = { instance: IP, ip: IP, hostname: "shop-1" };
const [START_MS, MINUTE_MS] = [1_700_000_040_000, 60_000];
const shapes = new Shapes();

function cpu(mode: string, seconds: number, atMs: number) {
  return gauge("node_cpu_seconds_total", { ...identity, cpu: "0", mode }, seconds, atMs);
}

function open() {
  const recent = new Recent();
  const push = (...series: readonly ReturnType<typeof gauge>[]) =>
    recent.observe(shapes.read({ machine: IP, series }));
  const now = (measure: string, atMs: number) => recent.glance(IP)?.now(measure, atMs);
  return { recent, push, now };
}

test("counters by what they grew since a minute ago, gauges as they are", () => {
  const { push, now } = open();
  push(cpu("idle", 100, START_MS), cpu("user", 50, START_MS));
  expect(now("cpu", START_MS)).toBeUndefined();
  for (let i = 1; i <= 12; i++) {
    const atMs = START_MS + i * 10_000;
    push(
      cpu("idle", 100 + i * 7.5, atMs),
      cpu("user", 50 + i * 2.5, atMs),
      gauge("node_memory_MemTotal_bytes", identity, 400, atMs),
      gauge("node_memory_MemAvailable_bytes", identity, 100, atMs),
    );
    expect(now("cpu", atMs)).toBe(0.25);
    expect(now("memory", atMs)).toBe(0.75);
  }
  expect(now("disk", START_MS)).toBeUndefined();
});

test("a rebuild begins its counters anew; after a long silence nobody knows", () => {
  const { push, now } = open();
  push(cpu("idle", 5000, START_MS), cpu("user", 5000, START_MS));
  const rebuiltMs = START_MS + MINUTE_MS;
  push(cpu("idle", 30, rebuiltMs), cpu("user", 10, rebuiltMs));
  expect(now("cpu", rebuiltMs)).toBe(0.25);
  const laterMs = rebuiltMs + 10 * MINUTE_MS;
  push(cpu("idle", 31, laterMs), cpu("user", 1000, laterMs));
  expect(now("cpu", laterMs)).toBeUndefined();
  push(cpu("idle", 91, laterMs + MINUTE_MS), cpu("user", 1060, laterMs + MINUTE_MS));
  expect(now("cpu", laterMs + MINUTE_MS)).toBe(0.5);
});

test("a push of many times fills the hour", () => {
  const { recent, push } = open();
  const times = Array.from({ length: 30 }, (_, i) => START_MS + i * MINUTE_MS);
  const grown = (mode: string, perMinute: number) => ({
    ...cpu(mode, 0, START_MS),
    samples: times.map((timestampMs, i) => ({ timestampMs, value: i * perMinute })),
  });
  push(grown("idle", 15), grown("system", 45));
  const course = recent.glance(IP)?.course("cpu", times.at(-1) ?? 0) ?? [];
  expect(course).toHaveLength(60);
  expect(course.filter((figure) => figure === 0.75)).toHaveLength(29);
});

test("a machine's labels: what it says of itself, else those of a series without others", () => {
  const { recent, push } = open();
  push(gauge("node_load1", { ...identity, disk: "sda" }));
  expect(recent.glance(IP)?.labels).toEqual(identity);
  push(gauge("node_memory_MemTotal_bytes", { ...identity, business: "shop" }));
  expect(recent.glance(IP)?.labels).toEqual({ ...identity, business: "shop" });
  push(gauge("plimsoll_machine_info", { ...identity, business: "pay", host: "h1" }));
  expect(recent.glance(IP)?.labels).toEqual({ ...identity, business: "pay", host: "h1" });
  recent.forget(IP);
  expect(recent.glance(IP)).toBeUndefined();
});
