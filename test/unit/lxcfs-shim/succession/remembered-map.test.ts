import { expect, test } from "vitest";
import { openNotebook } from "../../../../lxcfs-shim/succession/notebook.ts";
import { RememberedMap } from "../../../../lxcfs-shim/succession/remembered-map.ts";

test("the next one knows what this one knew, each its own", () => {
  const notebook = openNotebook();
  new RememberedMap(notebook, "cpu", 10).set("web", { ticks: [1, 2] });
  new RememberedMap(notebook, "load", 10).set("web", 3);

  expect(new RememberedMap(notebook, "cpu", 10).get("web")).toEqual({ ticks: [1, 2] });
  expect(new RememberedMap(notebook, "load", 10).get("web")).toBe(3);
  expect(new RememberedMap(notebook, "load", 10).get("db")).toBeUndefined();
});

test("full, it forgets the one unused for longest, in the notebook too", () => {
  const notebook = openNotebook();
  const map = new RememberedMap<number>(notebook, "load", 2);
  map.set("a", 1);
  map.set("b", 2);
  map.get("a");
  map.set("c", 3);

  expect([map.get("a"), map.get("b"), map.get("c")]).toEqual([1, undefined, 3]);
  expect([...notebook.keys()]).toEqual(["load a", "load c"]);
});

test("what is no longer current is forgotten when the map has grown, in the notebook too", () => {
  const notebook = openNotebook();
  let first = 0;
  const map = new RememberedMap<number>(notebook, "load", 4096, (key) => Number(key) >= first);
  for (let key = 0; key < 10_000; key++) {
    first = key - 10; // ten containers live at a time
    map.set(`${key}`, key);
  }

  expect(map.size).toBeLessThan(200);
  expect([...notebook.keys()].length).toBe(map.size);
  expect(map.get("9999")).toBe(9999);
});

test("what is current stays, however much there is", () => {
  const map = new RememberedMap<number>(openNotebook(), "load", 4096, () => true);
  for (let key = 0; key < 1000; key++) map.set(`${key}`, key);

  expect(map.size).toBe(1000);
});
