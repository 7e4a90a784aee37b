import { expect, test } from "vitest";
import { Archive } from "../../../../collector/history/archive.ts";
import { Blocks } from "../../../../collector/history/blocks.ts";
import { Keeper } from "../../../../collector/history/keeper.ts";
import { SeriesIds } from "../../../../collector/history/series-ids.ts";
import { Shapes } from "../../../../collector/shapes.ts";
import { openMemoryDatabase } from "../../../../collector/store/database.ts";
import { GroupCommit } from "../../../../collector/store/group-commit.ts";
import { ManualClock } from "../../../support/manual-clock.ts";
import { gauge } from "../../../support/push.ts";
import { recordLog } from "../../../support/record-log.ts";

const DAY_MS = 86_400_000;

test("a round makes blocks, days coarse, and what is old go; a failure is said once and does not end it", async () => {
  const [database, clock, log] = [openMemoryDatabase(), new ManualClock(), recordLog()];
  const commits = new GroupCommit(database, 0);
  const archive = new Archive({
    blocks: new Blocks(database, commits, log),
    ids: new SeriesIds(database),
    commits,
    clock,
    ...{ keepMs: 3 * DAY_MS, keepCoarseMs: 10 * DAY_MS, isCounter: () => false },
  });
  const keeper = new Keeper(archive, () => [1, 2], log);
  const series = [gauge("a", {}, 1, clock.nowMs())];
  for (const history of [1, 2])
    await archive.append(history, new Shapes().read({ machine: "10.0.0.7", series }).points);
  const levels = async (days: number): Promise<unknown[]> => {
    await clock.advance(days * DAY_MS);
    await keeper.round();
    return database
      .prepare("SELECT level FROM block ORDER BY level")
      .all()
      .map(({ level }) => level);
  };
  expect(await levels(0)).toEqual([0, 0]);
  expect(await levels(0.1)).toEqual([1, 1]);
  expect(await levels(2)).toEqual([1, 1, 2, 2]);
  expect(await levels(3)).toEqual([2, 2]);
  expect(await levels(10)).toEqual([]);
  expect(log.lines).toEqual([]);
  database.prepare("ALTER TABLE block RENAME TO away").all();
  await keeper.round();
  await keeper.round();
  expect(log.lines.map(({ message }) => message)).toEqual(["history cannot be kept in order"]);
});
