import type { Labels, MetricKind, Series } from "../core/metrics/series.ts";

/** What all series of one name share. */
export interface Metric {
  readonly name: string;
  readonly kind: MetricKind;
  readonly help: string;
}

export function counter(name: string, help: string): Metric {
  return { name, kind: "counter", help };
}

export function gauge(name: string, help: string): Metric {
  return { name, kind: "gauge", help };
}

/** Neither is known: what the kernel counts under names of its own. */
export function untyped(name: string, help: string): Metric {
  return { name, kind: "unknown", help };
}

/** One series of `metric` with one sample. */
export function point(metric: Metric, labels: Labels, value: number, timestampMs: number): Series {
  const { name, kind, help } = metric;
  return { name, kind, help, labels, samples: [{ timestampMs, value }] };
}
