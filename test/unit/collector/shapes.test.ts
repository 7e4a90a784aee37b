import { expect, test } from "vitest";
import { keyOf, parseKey, Shapes } from "../../../collector/shapes.ts";
import type { Labels } from "../../../core/metrics/series.ts";
import { gauge } from "../../support/push.ts";

test("a series is the machine's labels and a shape; the same shape on another machine is the same object", () => {
  const shapes = new Shapes();
  const read = (ip: string, hostname: string) =>
    shapes.read({
      machine: ip,
      series: [gauge("cpu", { mode: "idle", instance: ip, ip, hostname, cpu: "0" })],
    });
  const one = read("10.0.0.7", "a");
  const other = read("10.0.0.8", "b");
  expect(one.identity).toEqual({ instance: "10.0.0.7", ip: "10.0.0.7", hostname: "a" });
  expect(one.points[0]?.shape).toMatchObject({ name: "cpu", labels: { cpu: "0", mode: "idle" } });
  expect(other.points[0]?.shape).toBe(one.points[0]?.shape);
});

test("an instance that is not an address tells programs of one machine apart", () => {
  const shapes = new Shapes();
  const series = ["10.0.0.7:1", "10.0.0.7:2"].map((instance) => gauge("up", { instance, ip: "10.0.0.7" }));
  const { points } = shapes.read({ machine: "10.0.0.7", series });
  expect(new Set(points.map(({ shape }) => shape)).size).toBe(2);
});

test("uniform: every series says all that is known of its machine", () => {
  const f = (...all: readonly Labels[]): boolean =>
    new Shapes().read({ machine: "10.0.0.7", series: all.map((labels) => gauge("a", labels)) }).isUniform;
  const ip = { ip: "10.0.0.7" };
  expect(f({ ...ip, x: "1" }, { ...ip, x: "2" })).toBe(true);
  expect(f({ instance: "10.0.0.7", ...ip }, { instance: "10.0.0.7:80", ...ip })).toBe(true);
  expect(f({ instance: "10.0.0.7", ...ip }, { instance: "web", ...ip })).toBe(false); // is told its machine's
  expect(f({ ...ip, hostname: "a" }, ip)).toBe(false);
  expect(f({ ...ip, hostname: "a" }, { ...ip, hostname: "b" })).toBe(false);
});

test("beyond the limit no new shapes are made, known ones are found; what is not used is forgotten", () => {
  const shapes = new Shapes(1);
  const series = [gauge("a", {}), gauge("b", {}), gauge("a", {})];
  expect(shapes.read({ machine: "10.0.0.7", series }).points.map(({ shape }) => shape.name)).toEqual([
    "a",
    "a",
  ]);
  expect([shapes.size, shapes.refused]).toEqual([1, 1]);
  shapes.sweep(() => false);
  expect(shapes.size).toBe(0);
});

test("a key is the same for any order of labels, and tells name and labels", () => {
  const key = keyOf("a", { y: '1"', x: "2" });
  expect(keyOf("a", { x: "2", y: '1"' })).toBe(key);
  expect(parseKey(key)).toEqual({ name: "a", labels: { x: "2", y: '1"' } });
});
