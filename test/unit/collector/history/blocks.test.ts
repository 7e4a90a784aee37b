import { expect, test } from "vitest";
import { encodeBlock } from "../../../../collector/history/block.ts";
import { Blocks, LEVEL } from "../../../../collector/history/blocks.ts";
import { openMemoryDatabase } from "../../../../collector/store/database.ts";
import { GroupCommit } from "../../../../collector/store/group-commit.ts";
import { recordLog } from "../../../support/record-log.ts";

const key = (startMs: number, endMs: number, history = 1) => ({ history, level: LEVEL.push, startMs, endMs });
const data = encodeBlock([{ id: 1, times: [5], values: [1] }]);

function open() {
  const [database, log] = [openMemoryDatabase(), recordLog()];
  const commits = new GroupCommit(database, 0);
  return { database, log, commits, blocks: new Blocks(database, commits, log) };
}

test("blocks of a range, of one history", async () => {
  const { blocks, commits } = open();
  await commits.add(() => {
    blocks.insert(key(0, 10), data);
    blocks.insert(key(10, 20), data);
    blocks.insert(key(30, 40), data);
    blocks.insert(key(0, 10, 2), data);
  });
  const ids = (startMs: number, endMs: number) => blocks.read(key(startMs, endMs)).map(({ id }) => id);
  expect([ids(0, 5), ids(10, 10), ids(20, 30), ids(50, 60)]).toEqual([[1], [1, 2], [2, 3], []]);
  expect(blocks.pending()).toEqual([
    { history: 1, count: 3, sinceMs: 10 },
    { history: 2, count: 1, sinceMs: 10 },
  ]);
  expect([blocks.nextSample(1, 10), blocks.nextSample(1, 40)]).toEqual([10, undefined]);
  await blocks.removeOld(LEVEL.push, 20);
  expect(ids(0, 100)).toEqual([2, 3]);
  await commits.add(() => blocks.replacePushes({ ...key(10, 20), level: LEVEL.raw }, 2, data));
  expect(ids(0, 100)).toEqual([3]);
});

test("what is damaged is set aside with its bytes, and costs nothing else", async () => {
  const { database, blocks, commits, log } = open();
  const bad = Uint8Array.from(data);
  bad[3] = 99;
  await commits.add(() => {
    blocks.insert(key(0, 10), bad);
    blocks.insert(key(0, 10), data);
  });
  expect(blocks.read(key(0, 10)).map(({ id }) => id)).toEqual([2]);
  commits.flush();
  expect(blocks.quarantined).toBe(1);
  const [row] = database.prepare("SELECT block, reason, data FROM quarantine").all();
  expect([row?.block, row?.reason, new Uint8Array(row?.data as ArrayBuffer)]).toEqual([
    1,
    "checksum does not match",
    bad,
  ]);
  expect(database.prepare("SELECT id FROM block").all()).toEqual([{ id: 2 }]);
  expect(log.lines.map(({ message }) => message)).toEqual(["block of history damaged: set aside"]);
});
