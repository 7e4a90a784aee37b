import { expect, test } from "vitest";
import { openMemoryDatabase } from "../../../../collector/store/database.ts";
import { GroupCommit } from "../../../../collector/store/group-commit.ts";
import { Unwritten } from "../../../../collector/store/unwritten.ts";
import { recordLog } from "../../../support/record-log.ts";

test("what the disk does not take goes with the next row, the newest of each key; it is said once", async () => {
  const log = recordLog();
  const commits = new GroupCommit(openMemoryDatabase(), 0);
  let isFull = true;
  const written: string[] = [];
  const unwritten = new Unwritten<string>(
    commits,
    (row) => {
      if (isFull) throw new Error("disk full");
      written.push(row);
    },
    log,
  );
  await unwritten.put(1, "a");
  await unwritten.put(2, "b");
  await unwritten.put(1, "c");
  expect([unwritten.size, written]).toEqual([2, []]);
  isFull = false;
  await unwritten.put(3, "d");
  expect([unwritten.size, written]).toEqual([0, ["c", "b", "d"]]);
  expect(log.lines.map(({ fields }) => fields)).toEqual([{ problem: "disk full" }]);
});
