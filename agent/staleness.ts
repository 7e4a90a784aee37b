import { seriesKey } from "../core/metrics/label-cache.ts";
import { type Labels, type Series, staleSample } from "../core/metrics/series.ts";
import type { Answer } from "./sources/types.ts";

/** Knows what each source said last time, so that series that are gone can be ended. */
export class Staleness {
  readonly #known = new Map<string, Answer>();

  /** Staleness markers for the series that the source has not said again. */
  follow(answer: Answer): readonly Series[] {
    const before = this.#known.get(answer.source);
    this.#known.set(answer.source, answer);
    if (before === undefined || isSameList(before.series, answer.series)) return [];
    const keys = new Set(answer.series.map(({ name, labels }) => seriesKey(name, labels)));
    return ending(before, answer.atMs).filter(({ name, labels }) => !keys.has(seriesKey(name, labels)));
  }

  /** Ends all of them. */
  end(nowMs: number): readonly Series[] {
    const all = [...this.#known.values()];
    this.#known.clear();
    return all.flatMap((answer) => ending(answer, nowMs));
  }
}

/** A sample with a time of its own says when it was true; only what is true now can end now. */
function ending({ series, atMs }: Answer, nowMs: number): Series[] {
  return series
    .filter(({ samples }) => samples.at(-1)?.timestampMs === atMs)
    .map((one) => ({ ...one, samples: [staleSample(nowMs)] }));
}

/** Nearly always: the same source says the same series in the same order. */
function isSameList(before: readonly Series[], now: readonly Series[]): boolean {
  if (before.length !== now.length) return false;
  for (let i = 0; i < now.length; i++) {
    const one = before[i];
    const other = now[i];
    if (one === undefined || other === undefined || one.name !== other.name) return false;
    if (one.labels !== other.labels && !hasSameLabels(one.labels, other.labels)) return false;
  }
  return true;
}

export function hasSameLabels(one: Labels, other: Labels): boolean {
  for (const label in one) if (one[label] !== other[label]) return false;
  for (const label in other) if (!(label in one)) return false;
  return true;
}
