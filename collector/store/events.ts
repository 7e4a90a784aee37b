import type { Logger } from "../../core/runtime/log.ts";
import type { Timeline, TimelineEvent } from "../inventory/timeline.ts";
import type { Database } from "./database.ts";
import type { GroupCommit } from "./group-commit.ts";
import { Unwritten } from "./unwritten.ts";

/** The timeline in the database. */
export function openTimeline(database: Database, commits: GroupCommit, log: Logger): Timeline {
  const put = database.prepare("INSERT INTO event (ip, at_ms, document) VALUES (?, ?, ?)");
  // The latest of the range, not the first.
  const list = database.prepare(
    "SELECT ip, at_ms, document FROM event WHERE ip = ? AND at_ms >= ? AND at_ms <= ? ORDER BY at_ms DESC, id DESC LIMIT ?",
  );
  const write = ({ ip, atMs, kind, detail }: TimelineEvent): void =>
    put.run(ip, atMs, JSON.stringify({ kind, detail }));
  const unwritten = new Unwritten(commits, write, log);
  let count = 0;
  return {
    add: (event) => unwritten.put(++count, event),
    list: (ip, { fromMs, toMs, limit }) =>
      list
        .all(ip, fromMs, toMs, limit)
        .map((row) => ({
          ...JSON.parse(String(row.document)),
          ip: String(row.ip),
          atMs: Number(row.at_ms),
        }))
        .reverse(),
  };
}
