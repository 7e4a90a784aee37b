import { dirname } from "node:path/posix";
import { expect, test } from "vitest";
import { listFiles, parseEdges, readText } from "./source-tree.ts";

/** The explicit lists of ARCHITECTURE.md, and what stands in their folders without being a member. */
const LISTS: readonly { readonly folder: string; readonly apart: readonly string[] }[] = [
  { folder: "lxcfs-shim/proc-files", apart: ["types.ts"] },
  { folder: "lxcfs-shim/sys-files", apart: ["types.ts"] },
  { folder: "agent/sources", apart: ["types.ts"] },
  { folder: "agent/sinks", apart: ["types.ts"] },
  { folder: "collector/ingests", apart: ["types.ts"] },
  { folder: "collector/sinks", apart: ["types.ts"] },
];

test.for(LISTS)("the list of $folder names every file there", ({ folder, apart }) => {
  const onDisk = listFiles(folder, ".ts")
    .map((file) => file.slice(folder.length + 1))
    .filter((name) => name !== "index.ts" && !apart.includes(name));
  const listed = parseEdges(`${folder}/index.ts`, readText(`${folder}/index.ts`))
    .filter(({ to, kind }) => kind === "value" && dirname(to) === folder)
    .map(({ to }) => to.slice(folder.length + 1));

  expect(onDisk.length).toBeGreaterThan(0);
  expect(listed.sort()).toEqual(onDisk);
});
