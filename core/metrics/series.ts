/** Label name → value. `__name__` is not among them: it is the series' name. */
export type Labels = Readonly<Record<string, string>>;

/** `unknown` is what a push without metadata leaves; Prometheus' text format calls it untyped. */
export type MetricKind = "counter" | "gauge" | "histogram" | "summary" | "unknown";

export interface Sample {
  /** Milliseconds since 1970. */
  readonly timestampMs: number;
  readonly value: number;
  /** The series ends here (a staleness marker); `value` is NaN then. See `staleSample`. */
  readonly stale?: true;
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

/** What is known of a metric family apart from its samples. */
export interface Family {
  readonly name: string;
  readonly kind: MetricKind;
  readonly help: string;
}

/** The mark that ends a series. JavaScript cannot hold its NaN apart from others, so it is a flag. */
export function staleSample(timestampMs: number): Sample {
  return { timestampMs, value: Number.NaN, stale: true };
}

const SUFFIXES: Partial<Record<MetricKind, readonly string[]>> = {
  histogram: ["_bucket", "_sum", "_count"],
  summary: ["_sum", "_count"],
};

/** The family a series belongs to: `x` for the `x_bucket`, `x_sum` and `x_count` of a histogram. */
export function familyName(name: string, kind: MetricKind): string {
  const suffix = SUFFIXES[kind]?.find((ending) => name.endsWith(ending));
  return suffix === undefined ? name : name.slice(0, -suffix.length);
}

/** The family of `name` among those known by name, looking through the suffixes of histograms and summaries. */
export function findFamily(families: ReadonlyMap<string, Family>, name: string): Family | undefined {
  const exact = families.get(name);
  if (exact !== undefined) return exact;
  for (const kind of ["histogram", "summary"] as const) {
    const family = families.get(familyName(name, kind));
    if (family?.kind === kind) return family;
  }
  return undefined;
}
