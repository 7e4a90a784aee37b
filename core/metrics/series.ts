/** Label name → value. `__name__` is not among them: it is the series' name. */
export type Labels = Readonly<Record<string, string>>;

export type MetricKind = "counter" | "gauge" | "histogram";

export interface Sample {
  /** Milliseconds since 1970. */
  readonly timestampMs: number;
  readonly value: number;
}

/** One time series: a metric name with one set of labels. */
export interface Series {
  readonly name: string;
  readonly kind: MetricKind;
  readonly help: string;
  readonly labels: Labels;
  readonly samples: readonly Sample[];
}

/** What one agent says at one time. `identity` labels (instance, ip …) belong to every series in it. */
export interface Batch {
  readonly identity: Labels;
  readonly series: readonly Series[];
}
