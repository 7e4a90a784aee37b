import { expect, test } from "vitest";
import {
  bequeath,
  disinherit,
  hasEnded,
  readInheritance,
} from "../../../../lxcfs-shim/succession/inheritance.ts";
import { openNotebook } from "../../../../lxcfs-shim/succession/notebook.ts";

test("what is left is what is found; nothing is found by the first, nor what has ended", () => {
  const notebook = openNotebook();
  expect(readInheritance(notebook)).toBeUndefined();
  expect(hasEnded(notebook)).toBe(false);

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
  expect(hasEnded(notebook)).toBe(false);

  disinherit(notebook);
  expect(readInheritance(notebook)).toBeUndefined();
  expect(hasEnded(notebook)).toBe(true);
});
