import { expect, test } from "vitest";
import { SeriesIds } from "../../../../collector/history/series-ids.ts";
import { keyOf } from "../../../../collector/shapes.ts";
import { openMemoryDatabase } from "../../../../collector/store/database.ts";

const KEY = keyOf("cpu", { mode: "idle" });

test("a series keeps its number, also beyond the end of the process; each history has its own", () => {
  const database = openMemoryDatabase();
  const ids = new SeriesIds(database);
  expect(ids.assign(1, KEY)).toEqual({ id: 1, isNew: true });
  expect(ids.assign(1, KEY)).toEqual({ id: 1, isNew: false });
  expect(ids.assign(2, KEY)).toEqual({ id: 2, isNew: true });
  ids.write(1, KEY);
  ids.write(2, KEY);
  const later = new SeriesIds(database);
  expect(later.assign(2, KEY)).toEqual({ id: 2, isNew: false });
  expect(later.assign(3, KEY)).toEqual({ id: 3, isNew: true });
  expect(later.list(1)).toEqual([{ id: 1, name: "cpu", labels: { mode: "idle" } }]);
});

test("one that could not be written is made anew", () => {
  const ids = new SeriesIds(openMemoryDatabase());
  ids.assign(1, KEY);
  ids.forget(1, KEY);
  ids.write(1, KEY);
  expect(ids.assign(1, KEY)).toEqual({ id: 2, isNew: true });
});
