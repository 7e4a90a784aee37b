import { seriesKey } from "../core/metrics/label-cache.ts";
import type { Series } from "../core/metrics/series.ts";
import type { Answer } from "./sources/types.ts";

/** The sources whose series are somebody else's words: they may have any name. */
const FOREIGN: ReadonlySet<string> = new Set(["exec", "textfile"]);

/**
 * The answers without the foreign series that a source of ours has too, and the name of one of those. A request
 * with both would be refused at each tick: two values of one series at one time.
 */
export function withoutTaken(answers: readonly Answer[]): {
  readonly answers: readonly Answer[];
  readonly taken: string | undefined;
} {
  const foreign = answers.filter(isForeign).flatMap(({ series }) => series);
  if (foreign.length === 0) return { answers, taken: undefined };
  const names = new Set(foreign.map(({ name }) => name));
  const own = answers.filter((answer) => !isForeign(answer)).flatMap(({ series }) => series);
  const keys = new Set(own.filter(({ name }) => names.has(name)).map(keyOf));
  const taken = foreign.find((one) => keys.has(keyOf(one)))?.name;
  if (taken === undefined) return { answers, taken };
  const kept = answers.map((answer) =>
    isForeign(answer) ? { ...answer, series: answer.series.filter((one) => !keys.has(keyOf(one))) } : answer,
  );
  return { answers: kept, taken };
}

function isForeign({ source }: Answer): boolean {
  return FOREIGN.has(source);
}

/** Whatever order the labels are in. */
function keyOf({ name, labels }: Series): string {
  return seriesKey(name, Object.fromEntries(Object.entries(labels).sort()));
}
