import { dirname } from "node:path/posix";
import { expect, test } from "vitest";
import { listFiles, parseEdges, readText } from "./source-tree.ts";

/** The folders whose index.ts is an explicit list. */
const LISTS = [
  "lxcfs-shim/proc-files",
  "lxcfs-shim/sys-files",
  "agent/sources",
  "agent/sinks",
  "collector/ingests",
  "collector/sinks",
];

test.for(LISTS)("the list of %s names every file there", (folder) => {
  const onDisk = listFiles(folder, ".ts")
    .map((file) => file.slice(folder.length + 1))
    .filter((name) => name !== "index.ts" && name !== "types.ts");
  const listed = parseEdges(`${folder}/index.ts`, readText(`${folder}/index.ts`))
    .filter(({ to, kind }) => kind !== "types" && dirname(to) === folder)
    .map(({ to }) => to.slice(folder.length + 1));

  expect(onDisk.length).toBeGreaterThan(0);
  expect(listed.sort()).toEqual(onDisk);
});
