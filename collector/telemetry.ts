import { Counter, collectDefaultMetrics, Gauge, Registry } from "prom-client";
import type { MetricKind, Series } from "../core/metrics/series.ts";
import { packageVersion } from "../core/runtime/version.ts";
import type { ClientRates } from "./client-rates.ts";
import type { Data } from "./data.ts";
import type { Forwarding } from "./forwarding.ts";
import type { HttpServer } from "./http/server.ts";
import type { Intake } from "./intake.ts";
import type { LatestStore } from "./latest.ts";
import { type LifecycleView, lifecycleSeries } from "./lifecycle/lifecycle.ts";
import type { Peers } from "./peers/peers.ts";
import type { RequestCounts } from "./routes/ingest.ts";
import type { Trust } from "./trust/trust.ts";

const PREFIX = "plimsoll_collector_";

/** The collector's figures about itself. */
export interface Telemetry {
  series(): Promise<readonly Series[]>;
}

export interface TelemetrySubjects {
  readonly requests: RequestCounts;
  readonly intake: Intake;
  readonly trust: Trust;
  readonly rates: ClientRates;
  readonly servers: readonly Pick<HttpServer, "refused">[];
  readonly latest: LatestStore;
  readonly data: Data;
  readonly lifecycle: LifecycleView;
  readonly peers: Pick<Peers, "peers">;
  /** What groups of machines have and use. */
  readonly fleet: { series(nowMs: number): Iterable<Series> };
  readonly forwardings: readonly Forwarding[];
}

type Reading = readonly [labels: Readonly<Record<string, string>>, value: number];

/**
 * Objects count for themselves, in plain fields; here is where the fields get names. They are read
 * when somebody asks.
 */
export function createTelemetry(subjects: TelemetrySubjects): Telemetry {
  const registry = new Registry();
  // Ten times a second is the default, and would be most of what an idle collector does.
  collectDefaultMetrics({ register: registry, prefix: PREFIX, eventLoopMonitoringPrecision: 1000 });
  removeMisnamed(registry);
  observeIntake(registry, subjects);
  observeLatest(registry, subjects.latest);
  observeData(registry, subjects);
  observeForwardings(registry, subjects.forwardings);
  const up = "Whether another collector behind the same load balancer answers.";
  gauge(registry, "peer_up", up, ["peer"], () =>
    subjects.peers.peers.map(({ name, isConnected }) => [{ peer: name }, Number(isConnected)]),
  );
  const { data, lifecycle, fleet } = subjects;
  return {
    series: async () => [
      ...(await readSeries(registry)),
      ...lifecycleSeries(lifecycle, data.inventory, Date.now()),
      ...fleet.series(Date.now()),
    ],
  };
}

/** Gauges that call themselves counters: Prometheus' own linter refuses the page for them. */
function removeMisnamed(registry: Registry): void {
  for (const { name } of registry.getMetricsAsArray()) {
    if (registry.getSingleMetric(name) instanceof Gauge && name.endsWith("_total")) {
      registry.removeSingleMetric(name);
    }
  }
}

function observeIntake(
  registry: Registry,
  { requests, intake, trust, rates, servers }: TelemetrySubjects,
): void {
  gauge(registry, "build_info", "The version that is running.", ["version"], () => [
    [{ version: packageVersion() }, 1],
  ]);
  counter(registry, "requests_total", "Push requests, by protocol and answer.", ["ingest", "code"], () =>
    [...requests.values()].map(({ ingest, status, count }) => [{ ingest, code: String(status) }, count]),
  );
  counter(registry, "samples_total", "Samples taken in.", [], () => [[{}, intake.samples]]);
  counter(registry, "skipped_total", "What was pushed and is not kept, by what it is.", ["what"], () =>
    [...intake.skipped].map(([what, count]) => [{ what }, count]),
  );
  const connections = "Connections that were closed because their address has too many.";
  counter(registry, "refused_connections_total", connections, [], () => [
    [{}, servers.reduce((sum, { refused }) => sum + refused, 0)],
  ]);
  counter(registry, "rate_refused_total", "Pushes of clients that bring too much.", [], () => [
    [{}, rates.refused],
  ]);
  const help = "Pushes for a machine that the sender may not speak for, by what was wrong.";
  counter(registry, "untrusted_total", help, ["reason"], () =>
    Object.entries(trust.refused).map(([reason, count]) => [{ reason }, count]),
  );
}

function observeLatest(registry: Registry, latest: LatestStore): void {
  gauge(registry, "machines", "Machines that have been heard of.", [], () => [[{}, latest.machineCount]]);
  gauge(registry, "series", "Series whose latest value is kept.", [], () => [[{}, latest.seriesCount]]);
  const late = "Samples that no sink gets: not newer than those before, or of the future.";
  counter(registry, "unforwarded_samples_total", late, [], () => [[{}, latest.unforwarded]]);
  const help = "Samples that did not become a latest value, by reason.";
  counter(registry, "latest_dropped_samples_total", help, ["reason"], () => [
    [{ reason: "late" }, latest.dropped.late],
    [{ reason: "series_limit" }, latest.dropped.seriesLimit],
    [{ reason: "machine_limit" }, latest.dropped.machineLimit],
  ]);
}

function observeData(registry: Registry, { intake, data }: TelemetrySubjects): void {
  const { inventory, archive, blocks, commits } = data;
  counter(registry, "late_refused_total", "Pushes of containers that have a successor.", [], () => [
    [{}, inventory.lateRefused],
  ]);
  counter(registry, "unkept_total", "Pushes refused because nothing could be written.", [], () => [
    [{}, intake.unkept],
  ]);
  counter(registry, "commit_failures_total", "Transactions that could not be written.", [], () => [
    [{}, commits.failures],
  ]);
  if (archive === undefined) return;
  counter(registry, "history_samples_total", "Samples written to the history.", [], () => [
    [{}, archive.counts.stored],
  ]);
  const help = "Samples that did not become part of the history, by reason.";
  counter(registry, "history_dropped_samples_total", help, ["reason"], () => [
    [{ reason: "future" }, archive.counts.future],
    [{ reason: "too_old" }, archive.counts.tooOld],
  ]);
  counter(registry, "history_quarantined_blocks_total", "Damaged blocks that were set aside.", [], () => [
    [{}, blocks.quarantined],
  ]);
}

function observeForwardings(registry: Registry, forwardings: readonly Forwarding[]): void {
  const each = (read: (forwarding: Forwarding) => number) => (): Reading[] =>
    forwardings.map((forwarding) => [{ sink: forwarding.name }, read(forwarding)]);
  const names = ["sink"];
  gauge(
    registry,
    "sink_up",
    "Whether the sink took or refused the last delivery.",
    names,
    each(({ failing }) => Number(failing === undefined)),
  );
  gauge(
    registry,
    "sink_queue_bytes",
    "Bytes that wait for the sink.",
    names,
    each(({ spool }) => spool.bytes),
  );
  counter(
    registry,
    "sink_delivered_samples_total",
    "Samples the sink has taken.",
    names,
    each(({ counts }) => counts.delivered),
  );
  counter(
    registry,
    "sink_retries_total",
    "Deliveries that have to be tried again.",
    names,
    each(({ counts }) => counts.retries),
  );
  const help = "Samples the sink will never get, by reason.";
  counter(registry, "sink_dropped_samples_total", help, ["sink", "reason"], () =>
    forwardings.flatMap(({ name: sink, counts, spool: { dropped } }): Reading[] => [
      [{ sink, reason: "refused" }, counts.refused],
      [{ sink, reason: "expired" }, dropped.expired],
      [{ sink, reason: "queue_full" }, dropped.full],
      [{ sink, reason: "disk" }, dropped.disk],
      [{ sink, reason: "corrupt" }, dropped.corrupt],
    ]),
  );
}

function gauge(
  registry: Registry,
  name: string,
  help: string,
  labelNames: string[],
  read: () => readonly Reading[],
): void {
  new Gauge({
    name: PREFIX + name,
    help,
    labelNames,
    registers: [registry],
    collect() {
      this.reset();
      for (const [labels, value] of read()) this.set(labels, value);
    },
  });
}

function counter(
  registry: Registry,
  name: string,
  help: string,
  labelNames: string[],
  read: () => readonly Reading[],
): void {
  new Counter({
    name: PREFIX + name,
    help,
    labelNames,
    registers: [registry],
    collect() {
      this.reset();
      for (const [labels, value] of read()) this.inc(labels, value);
    },
  });
}

const KINDS: Readonly<Record<string, MetricKind>> = {
  counter: "counter",
  gauge: "gauge",
  histogram: "histogram",
  summary: "summary",
};

async function readSeries(registry: Registry): Promise<readonly Series[]> {
  const timestampMs = Date.now();
  const families = await registry.getMetricsAsJSON();
  return families.flatMap(({ name, help, type, values }) =>
    values
      .filter(({ value }) => !isUnmeasured(name, value))
      .map((one) => ({
        // A histogram's buckets, sum and count have names of their own, which the types do not tell.
        name: "metricName" in one ? String(one.metricName) : name,
        kind: KINDS[type] ?? "unknown",
        help,
        labels: Object.fromEntries(Object.entries(one.labels).map(([label, text]) => [label, String(text)])),
        samples: [{ timestampMs, value: one.value }],
      })),
  );
}

/** Node's histogram of the event loop's lag, before its first tick: the least is 2^63 ns, the mean NaN. */
function isUnmeasured(name: string, value: number): boolean {
  return name.includes("_eventloop_lag_") && !(value < 2 ** 63 / 1e9);
}
