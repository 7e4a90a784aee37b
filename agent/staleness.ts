import { seriesKey } from "../core/metrics/label-cache.ts";
import { type Labels, type Series, staleSample } from "../core/metrics/series.ts";
import type { Answer } from "./sources/types.ts";

/** Knows what each source said last time, so that series that are gone can be ended. */
export class Staleness {
  /**
   * By source, what can be ended. The list stays the same one as long as it says the same: what a tick makes is
   * garbage by the next, and V8 has it cheaply.
   */
  readonly #known = new Map<string, readonly Series[]>();

  /** Staleness markers for the series that the source has not said again. */
  follow(answer: Answer): readonly Series[] {
    const before = this.#known.get(answer.source);
    if (before !== undefined && isSameList(before, answer)) return [];
    this.#known.set(
      answer.source,
      answer.series.filter((one) => isEndable(one, answer.atMs)),
    );
    if (before === undefined) return [];
    const keys = new Set(answer.series.map(({ name, labels }) => seriesKey(name, labels)));
    return ended(
      before.filter(({ name, labels }) => !keys.has(seriesKey(name, labels))),
      answer.atMs,
    );
  }

  /** Ends all of them. */
  end(nowMs: number): readonly Series[] {
    const all = [...this.#known.values()].flat();
    this.#known.clear();
    return ended(all, nowMs);
  }
}

function ended(series: readonly Series[], nowMs: number): readonly Series[] {
  return series.map((one) => ({ ...one, samples: [staleSample(nowMs)] }));
}

/** A sample with a time of its own says when it was true; only what is true now can end now. */
function isEndable({ samples }: Series, atMs: number): boolean {
  return samples[samples.length - 1]?.timestampMs === atMs;
}

/** Nearly always: the same source says the same series in the same order. */
function isSameList(before: readonly Series[], { series, atMs }: Answer): boolean {
  let at = 0;
  for (let i = 0; i < series.length; i++) {
    const other = series[i];
    if (other === undefined || !isEndable(other, atMs)) continue;
    const one = before[at++];
    if (one === undefined || one.name !== other.name) return false;
    if (one.labels !== other.labels && !hasSameLabels(one.labels, other.labels)) return false;
  }
  return at === before.length;
}

export function hasSameLabels(one: Labels, other: Labels): boolean {
  for (const label in one) if (one[label] !== other[label]) return false;
  // Not whether it is in there: every object has a `constructor`.
  for (const label in other) if (one[label] !== other[label]) return false;
  return true;
}
