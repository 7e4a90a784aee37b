import { type Data, openData } from "../../collector/data.ts";
import type { Clock } from "../../core/runtime/clock.ts";
import { recordLog } from "./record-log.ts";

/** A collector's data in `directory`, or in memory without one. */
export function openTestData(clock: Clock, directory = "none"): Promise<Data> {
  const keep = { keepMs: 15 * 86_400_000, keepCoarseMs: 400 * 86_400_000 };
  const isCounter = (name: string): boolean => name.endsWith("_total");
  return openData({ data: directory, ...keep, staleAfterMs: 60_000, isCounter }, clock, recordLog());
}
