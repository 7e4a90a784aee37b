import { expect, test } from "vitest";
import { UndoStack } from "../../../../core/runtime/undo.ts";
import { recordLog } from "../../../support/record-log.ts";

test("runs last in first out, once", async () => {
  const done: string[] = [];
  const undo = new UndoStack(recordLog());
  undo.add("first", () => void done.push("first"));
  undo.add("second", async () => void done.push("second"));

  expect(await undo.run()).toEqual([]);
  expect(await undo.run()).toEqual([]);

  expect(done).toEqual(["second", "first"]);
});

test("one that fails is logged and named, and does not stop the others", async () => {
  const log = recordLog();
  const done: string[] = [];
  const undo = new UndoStack(log);
  undo.add("first", () => void done.push("first"));
  undo.add("second", () => {
    throw new Error("busy");
  });

  expect(await undo.run()).toEqual(["second"]);

  expect(done).toEqual(["first"]);
  expect(log.lines).toHaveLength(1);
});
