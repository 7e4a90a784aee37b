import type { Logger } from "../../core/runtime/log.ts";
import type { History } from "../inventory/history-record.ts";
import type { HistoryRecords } from "../inventory/inventory.ts";
import type { Database } from "./database.ts";
import type { GroupCommit } from "./group-commit.ts";
import { Unwritten } from "./unwritten.ts";

/** The inventory's records in the database, each as one document. */
export function openRecords(database: Database, commits: GroupCommit, log: Logger): HistoryRecords {
  const put = database.prepare("INSERT OR REPLACE INTO history (id, document) VALUES (?, ?)");
  const unwritten = new Unwritten<History>(
    commits,
    ({ id, ...rest }) => put.run(id, JSON.stringify(rest)),
    log,
  );
  return {
    load: () =>
      database
        .prepare("SELECT id, document FROM history ORDER BY id")
        .all()
        .map(({ id, document }) => ({ ...JSON.parse(String(document)), id: Number(id) })),
    save: (history) => unwritten.put(history.id, history),
  };
}
