import { expect, test } from "vitest";
import { parsePidCgroup } from "../../../../core/kernel/proc/pid-cgroup.ts";
import { cgroupKey, isRootCgroup, isWithin } from "../../../../lxcfs-shim/view/cgroup-places.ts";

const at = (...lines: readonly string[]) => parsePidCgroup(`${lines.join("\n")}\n`);

test("the root is the root of every hierarchy", () => {
  expect([isRootCgroup(at("0::/")), isRootCgroup(at("2:cpu:/", "1:memory:/", "0::/"))]).toEqual([true, true]);
  expect([isRootCgroup(at("0::/a")), isRootCgroup(at("2:cpu:/a", "1:memory:/", "0::/"))]).toEqual([
    false,
    false,
  ]);
});

test("within: the same or below, on every hierarchy that both are on", () => {
  expect(isWithin(at("0::/a/b"), at("0::/a"))).toBe(true);
  expect(isWithin(at("0::/ab"), at("0::/a"))).toBe(false);
  expect(isWithin(at("2:cpu:/a", "1:memory:/b"), at("2:cpu:/a", "1:memory:/a"))).toBe(false);
  expect(isWithin(at("2:cpu:/a"), at("1:memory:/a", "0::/"))).toBe(true);
});

test("a key for each place, in ASCII", () => {
  const places = [["0::/a"], ["2:cpu:/a", "1:memory:/"], ["2:cpu:/", "1:memory:/a"], ["0::/ü 中"]];
  const keys = places.map((lines) => cgroupKey(at(...lines)));

  expect(new Set(keys).size).toBe(keys.length);
  expect(keys.join("")).toMatch(/^[ -~]+$/);
});
