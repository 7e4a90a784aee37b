import { expect, test } from "vitest";
import { bequeath, readInheritance } from "../../../../lxcfs-shim/succession/inheritance.ts";
import { openNotebook } from "../../../../lxcfs-shim/succession/notebook.ts";

test("what is left is what is found; nothing is found by the first", () => {
  const notebook = openNotebook();
  expect(readInheritance(notebook)).toBeUndefined();

  const inheritance = {
    mountPoint: "/m",
    connection: 53,
    mountedAtMs: 1,
    generation: 2,
    protocol: "7.45",
    resends: true,
  };
  bequeath(notebook, inheritance);
  expect(readInheritance(notebook)).toEqual(inheritance);
});
