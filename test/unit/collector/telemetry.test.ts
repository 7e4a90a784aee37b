import { expect, test } from "vitest";
import { Catalog } from "../../../collector/catalog.ts";
import { ClientRates } from "../../../collector/client-rates.ts";
import type { Forwarder } from "../../../collector/forwarder.ts";
import { Forwarding } from "../../../collector/forwarding.ts";
import { Intake } from "../../../collector/intake.ts";
import { DEFAULT_LATEST_LIMITS, LatestStore } from "../../../collector/latest.ts";
import { Recent } from "../../../collector/recent/recent.ts";
import { createTelemetry } from "../../../collector/telemetry.ts";
import { Trust } from "../../../collector/trust/trust.ts";
import { renderExposition } from "../../../core/metrics/exposition.ts";
import { openTestData } from "../../support/collector-data.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { gauge } from "../../support/push.ts";
import { recordLog } from "../../support/record-log.ts";

const clock = new ManualClock();
const NOTHING = { full: 0, disk: 0, expired: 0, corrupt: 0 };
const shard = {
  ...{ name: "s", isFull: false, failing: undefined },
  counts: { delivered: 5, refused: 0, retries: 0 },
  spool: { length: 0, bytes: 0, dropped: NOTHING },
} as unknown as Forwarder;
const forwarding = new Forwarding({
  ...{ name: "s", encode: () => new Uint8Array(), relabel: undefined, shards: [shard] },
  close: async () => {},
});

test("what the objects counted, under the collector's names", async () => {
  const latest = new LatestStore(DEFAULT_LATEST_LIMITS, clock);
  const trust = new Trust("any");
  const data = await openTestData(clock);
  const intake = new Intake({
    recent: new Recent(),
    latest,
    catalog: new Catalog(),
    forwardings: [],
    trust,
    clock,
    log: recordLog(),
    ...data,
  });
  await intake.accept(
    {
      series: [gauge("a", { instance: "10.0.0.7" }, 1, clock.nowMs())],
      families: [],
      skipped: { exemplars: 4 },
    },
    { address: "::1", token: undefined },
  );
  const lifecycle = { watch: { state: () => "reporting" as const }, followers: [], provisioners: [] };
  const requests = new Map([["k", { ingest: "remote-write", status: 204, count: 7 }]]);
  const telemetry = createTelemetry({
    requests,
    intake,
    trust,
    rates: new ClientRates(1, clock),
    servers: [{ refused: 2 }, { refused: 1 }],
    latest,
    fleet: { series: () => [] },
    data,
    lifecycle,
    peers: { peers: [{ name: "http://b:1", isConnected: true }] },
    forwardings: [forwarding],
  });

  for (let i = 0; i < 2; i++) {
    const page = renderExposition(await telemetry.series());
    for (const line of [
      'requests_total{code="204",ingest="remote-write"} 7',
      "samples_total 1",
      'skipped_total{what="exemplars"} 4',
      'untrusted_total{reason="address"} 0',
      "late_refused_total 0",
      "rate_refused_total 0",
      "refused_connections_total 3",
      "machines 1",
      "unforwarded_samples_total 0",
      "series 1",
      'latest_dropped_samples_total{reason="late"} 0',
      'peer_up{peer="http://b:1"} 1',
      'sink_up{sink="s"} 1',
      'sink_delivered_samples_total{sink="s"} 5',
      'sink_dropped_samples_total{reason="refused",sink="s"} 0',
    ]) {
      expect(page).toContain(`\nplimsoll_collector_${line}\n`);
    }
    expect(
      page.match(/^plimsoll_collector_nodejs_eventloop_lag_\S+ (?!\d+(\.\d+)?(e-\d+)?$).*/gm),
    ).toBeNull();
    expect(page.match(/^plimsoll_collector_nodejs_eventloop_lag_\S+ \d{9}/gm)).toBeNull();
    expect(page).toContain("# TYPE plimsoll_collector_process_cpu_seconds_total counter");
    expect(page.match(/^# TYPE (\S+_total) (?!counter)/gm)).toBeNull();
  }
});
