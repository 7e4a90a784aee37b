import { seriesKey } from "../core/metrics/label-cache.ts";
import { type Series, staleSample } from "../core/metrics/series.ts";

/** Knows which series were there last time, so that those that are gone can be ended. */
export class Staleness {
  #known: readonly Series[] = [];

  /** Staleness markers for the series that are not among `series` any more. */
  follow(series: readonly Series[], nowMs: number): readonly Series[] {
    const before = this.#known;
    this.#known = series;
    if (isSameList(before, series)) return [];
    const keys = new Set(series.map(({ name, labels }) => seriesKey(name, labels)));
    return before
      .filter(({ name, labels }) => !keys.has(seriesKey(name, labels)))
      .map((one) => ended(one, nowMs));
  }

  /** Ends all of them. */
  end(nowMs: number): readonly Series[] {
    return this.follow([], nowMs);
  }
}

function ended(series: Series, nowMs: number): Series {
  return { ...series, samples: [staleSample(nowMs)] };
}

/** Nearly always: the same sources say the same series in the same order. */
function isSameList(before: readonly Series[], now: readonly Series[]): boolean {
  if (before.length !== now.length) return false;
  for (let i = 0; i < now.length; i++) {
    const one = before[i];
    const other = now[i];
    if (one === undefined || other === undefined || one.name !== other.name) return false;
    for (const label in one.labels) if (one.labels[label] !== other.labels[label]) return false;
    for (const label in other.labels) if (!(label in one.labels)) return false;
  }
  return true;
}
