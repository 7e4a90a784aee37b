import { expect, test } from "vitest";
import { NAMED_FILES, NAMED_PATHS, namedNodeAt } from "../../../../lxcfs-shim/by-name/named-tree.ts";

test("every path leads to a node, every directory to its children", () => {
  for (const path of NAMED_PATHS) {
    const node = namedNodeAt(path);
    expect(node, path).toBeDefined();
    for (const name of node?.kind === "directory" ? node.names : []) {
      expect(NAMED_PATHS, path).toContain(path === "" ? name : `${path}/${name}`);
    }
  }
  expect(namedNodeAt("proc/meminfo")).toMatchObject({ kind: "file", file: { path: "meminfo" } });
  expect(namedNodeAt("proc/../proc")).toBeUndefined();
});

test("files of many records are not among them: they may be longer than a page", () => {
  const paths = NAMED_FILES.map(({ path }) => path);

  expect(paths.length).toBeGreaterThan(5);
  for (const long of ["stat", "cpuinfo", "vmstat", "diskstats", "zoneinfo", "slabinfo"]) {
    expect(paths).not.toContain(long);
  }
});
