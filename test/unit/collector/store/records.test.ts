import { expect, test } from "vitest";
import type { History } from "../../../../collector/inventory/history-record.ts";
import { openMemoryDatabase } from "../../../../collector/store/database.ts";
import { GroupCommit } from "../../../../collector/store/group-commit.ts";
import { openRecords } from "../../../../collector/store/records.ts";
import { recordLog } from "../../../support/record-log.ts";

test("records come back as they were saved last", async () => {
  const database = openMemoryDatabase();
  const records = openRecords(database, new GroupCommit(database, 0), recordLog());
  const history: History = {
    ...{ id: 7, ip: "10.0.0.7", owner: "o", firstSeenMs: 1_700_000_000_000, lastSeenMs: 2 },
    generations: [
      {
        generation: 1,
        container: "c",
        image: "i",
        host: "h",
        startedMs: 3,
        ended: { atMs: 4, why: "rebuilt" },
      },
    ],
  };
  await records.save({ ...history, lastSeenMs: 1 });
  await records.save(history);
  expect(records.load()).toEqual([history]);
});
