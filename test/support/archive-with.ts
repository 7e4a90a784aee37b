import { Archive } from "../../collector/history/archive.ts";
import { Blocks } from "../../collector/history/blocks.ts";
import { SeriesIds } from "../../collector/history/series-ids.ts";
import { Shapes } from "../../collector/shapes.ts";
import { openMemoryDatabase } from "../../collector/store/database.ts";
import { GroupCommit } from "../../collector/store/group-commit.ts";
import type { Series } from "../../core/metrics/series.ts";
import type { Clock } from "../../core/runtime/clock.ts";
import { recordLog } from "./record-log.ts";

export const isCounter = (name: string): boolean => name.endsWith("_total");

/** An archive in memory and what puts series into its history 1. */
export function openTestArchive(
  clock: Clock,
  keepMs: number = 15 * 86_400_000,
): { readonly archive: Archive; put(...series: readonly Series[]): Promise<void> } {
  const database = openMemoryDatabase();
  const commits = new GroupCommit(database, 0);
  const archive = new Archive({
    blocks: new Blocks(database, commits, recordLog()),
    ids: new SeriesIds(database),
    commits,
    clock,
    keepMs,
    keepCoarseMs: 100 * 86_400_000,
    isCounter,
  });
  const shapes = new Shapes();
  return {
    archive,
    put: (...series) => archive.append(1, shapes.read({ machine: "10.0.0.7", series }).points),
  };
}
