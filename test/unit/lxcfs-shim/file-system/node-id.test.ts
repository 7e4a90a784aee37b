import fc from "fast-check";
import { expect, test } from "vitest";
import { nodeIdOf, ROOT_NODE } from "../../../../lxcfs-shim/file-system/node-id.ts";

test("the root is what the kernel says", () => {
  expect(nodeIdOf("")).toBe(ROOT_NODE);
});

/** They may not change between versions: a server takes over the nodes of the one before it. */
test("ids are for ever", () => {
  expect(nodeIdOf("proc/meminfo")).toMatchInlineSnapshot(`3559362497723886`);
  expect(nodeIdOf("sys/devices/system/cpu/cpu0")).toMatchInlineSnapshot(`3735640445998154`);
});

test("an id is a whole number that JavaScript can count, above the root's", () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, unit: "binary" }), (path) => {
      const id = nodeIdOf(path);

      expect(Number.isSafeInteger(id)).toBe(true);
      expect(id).toBeGreaterThan(ROOT_NODE);
    }),
  );
});

test("a machine with 1024 CPUs has no two paths with one id", () => {
  const names = ["", "/topology/core_id", "/cache/index0/size", "/cpuidle/state1/usage", "/uevent"];
  const paths = Array.from({ length: 1024 }, (_, id) =>
    names.map((name) => `sys/devices/system/cpu/cpu${id}${name}`),
  );
  const ids = paths.flat().map(nodeIdOf);

  expect(new Set(ids).size).toBe(ids.length);
});

test("both halves of an id depend on every letter", () => {
  const ids = Array.from({ length: 20_000 }, (_, index) => nodeIdOf(`a/${index}`));
  const halves = [ids.map((id) => id % 2 ** 26), ids.map((id) => Math.floor(id / 2 ** 26))];

  // 20,000 of 67 million: three pairs are expected.
  for (const half of halves) expect(new Set(half).size).toBeGreaterThan(19_980);
});
