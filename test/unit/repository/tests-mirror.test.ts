import { basename } from "node:path/posix";
import { expect, test } from "vitest";
import { isTypesOnly, listFiles, readText } from "./source-tree.ts";
import { outerRooms } from "./walls.ts";

/** Sources without a test of their own stem, and where they are tested instead. */
const TESTED_ELSEWHERE: Readonly<Record<string, string>> = {
  "lxcfs-shim/mount.ts": "test/e2e/shim-engine.test.ts",
  "lxcfs-shim/serve-mount.ts": "test/e2e/shim-engine.test.ts",
  "lxcfs-shim/serve-native.ts": "test/e2e/shim-engine.test.ts",
  "lxcfs-shim/serve-worker.ts": "test/e2e/shim-serve.test.ts",
  "lxcfs-shim/serve.ts": "test/e2e/shim-serve.test.ts",
  "lxcfs-shim/session/in-thread.ts": "test/e2e/shim-engine.test.ts",
  "lxcfs-shim/transport/fuse-native.ts": "test/e2e/shim-engine.test.ts",
};

const sources = outerRooms().flatMap((room) => listFiles(room, ".ts"));
const tests = new Set(listFiles("test/unit", ".test.ts"));

test("every source file has a test of its own stem, at the same place under test/unit", () => {
  const untested = sources
    .filter((file) => !["main.ts", "index.ts"].includes(basename(file)))
    .filter((file) => !tests.has(`test/unit/${file.replace(/\.ts$/, ".test.ts")}`))
    .filter((file) => !(file in TESTED_ELSEWHERE) && !isTypesOnly(file, readText(file)));

  expect(untested).toEqual([]);
});

test("what is said to be tested elsewhere exists, and has no test here", () => {
  for (const file of Object.keys(TESTED_ELSEWHERE)) {
    expect(sources).toContain(file);
    expect(tests).not.toContain(`test/unit/${file.replace(/\.ts$/, ".test.ts")}`);
  }
});
