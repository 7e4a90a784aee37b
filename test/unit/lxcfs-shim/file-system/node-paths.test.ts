import { expect, test } from "vitest";
import { nodeIdOf } from "../../../../lxcfs-shim/file-system/node-id.ts";
import { NodePaths } from "../../../../lxcfs-shim/file-system/node-paths.ts";

test("fixed paths are known without looking", () => {
  const paths = new NodePaths(
    () => {
      throw new Error("walked");
    },
    () => 0,
  );

  expect(paths.pathOf(nodeIdOf("proc/meminfo"))).toBe("proc/meminfo");
  expect(paths.pathOf(nodeIdOf(""))).toBe("");
});

test("an id of a server before is found by walking, a made-up one not, and not too often", () => {
  let [walks, nowMs] = [0, 0];
  const host = ["cpu0", "cpu0/uevent"];
  const paths = new NodePaths(
    () => {
      walks += 1;
      return host;
    },
    () => nowMs,
  );

  expect(paths.pathOf(nodeIdOf("cpu0/uevent"))).toBe("cpu0/uevent");
  expect(paths.pathOf(nodeIdOf("cpu0"))).toBe("cpu0");
  expect(paths.pathOf(4711)).toBeUndefined();
  expect(walks).toBe(1);
  nowMs = 10_000;
  expect(paths.pathOf(4711)).toBeUndefined();
  expect(walks).toBe(2);
});

test("a path looked up is remembered", () => {
  const paths = new NodePaths(
    () => [],
    () => 0,
  );

  expect(paths.pathOf(paths.remember("cpu7"))).toBe("cpu7");
});
