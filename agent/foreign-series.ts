import { seriesKey } from "../core/metrics/label-cache.ts";
import type { Series } from "../core/metrics/series.ts";
import type { Answer } from "./sources/types.ts";

/** The sources whose series are somebody else's words: they may have any name. */
const FOREIGN: ReadonlySet<string> = new Set(["exec", "textfile"]);

/**
 * The answers without the foreign series that a source of ours has too, and the name of one of those. A request
 * with both would be refused at each tick: two values of one series at one time. `latest` is what each source has
 * said last: not every one is asked at every tick.
 */
export function withoutTaken(
  answers: readonly Answer[],
  latest: readonly Answer[] = answers,
): {
  readonly answers: readonly Answer[];
  readonly taken: string | undefined;
} {
  const foreign = latest.filter(({ source }) => isForeign(source)).flatMap(({ series }) => series);
  if (foreign.length === 0) return { answers, taken: undefined };
  const names = new Set(foreign.map(({ name }) => name));
  const own = latest.filter(({ source }) => !isForeign(source)).flatMap(({ series }) => series);
  const keys = new Set(own.filter(({ name }) => names.has(name)).map(unorderedKey));
  const taken = foreign.find((one) => keys.has(unorderedKey(one)))?.name;
  if (taken === undefined) return { answers, taken };
  const kept = answers.map((answer) =>
    isForeign(answer.source)
      ? { ...answer, series: answer.series.filter((one) => !keys.has(unorderedKey(one))) }
      : answer,
  );
  return { answers: kept, taken };
}

export function isForeign(source: string): boolean {
  return FOREIGN.has(source);
}

/** The same for one series whatever order its labels are in. */
export function unorderedKey({ name, labels }: Series): string {
  return seriesKey(name, Object.fromEntries(Object.entries(labels).sort()));
}
