import { afterAll, expect, test } from "vitest";
import { Catalog } from "../../../collector/catalog.ts";
import { ClientRates } from "../../../collector/client-rates.ts";
import { Forwarder } from "../../../collector/forwarder.ts";
import { Intake } from "../../../collector/intake.ts";
import { DEFAULT_LATEST_LIMITS, LatestStore } from "../../../collector/latest.ts";
import { createTelemetry } from "../../../collector/telemetry.ts";
import { Trust } from "../../../collector/trust/trust.ts";
import { renderExposition } from "../../../core/metrics/exposition.ts";
import { openSpool } from "../../../core/runtime/spool.ts";
import { openTestData } from "../../support/collector-data.ts";
import { ManualClock, settle } from "../../support/manual-clock.ts";
import { gauge } from "../../support/push.ts";
import { recordLog } from "../../support/record-log.ts";

const clock = new ManualClock();
const limits = { maxBytes: 1000, maxHeldBytes: 0, maxAgeMs: 1e9 };
const forwarder = new Forwarder({
  sink: {
    name: "s",
    join: () => new Uint8Array(),
    deliver: async () => ({ outcome: "delivered" }),
    close: async () => {},
  },
  spool: await openSpool({ ...limits, sync: "never", clock, log: recordLog() }),
  maxSpoolBytes: 1000,
  clock,
  log: recordLog(),
  maxDeliveryBytes: 100,
});
afterAll(() => forwarder.close(0));

test("what the objects counted, under the collector's names", async () => {
  const latest = new LatestStore(DEFAULT_LATEST_LIMITS, clock);
  const trust = new Trust("any");
  const data = await openTestData(clock);
  const intake = new Intake({
    latest,
    catalog: new Catalog(),
    forwardings: [],
    trust,
    clock,
    log: recordLog(),
    ...data,
  });
  await intake.accept(
    { series: [gauge("a", { instance: "10.0.0.7" })], families: [], skipped: { exemplars: 4 } },
    { address: "::1", token: undefined },
  );
  await forwarder.offer({ body: new Uint8Array(1), samples: 5, timeMs: clock.nowMs() });
  await settle();
  const lifecycle = { watch: { state: () => "reporting" as const }, followers: [] };
  const requests = new Map([["k", { ingest: "remote-write", status: 204, count: 7 }]]);
  const telemetry = createTelemetry({
    requests,
    intake,
    trust,
    rates: new ClientRates(1, clock),
    latest,
    data,
    lifecycle,
    forwarders: [forwarder],
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
      "machines 1",
      "series 1",
      'latest_dropped_samples_total{reason="late"} 0',
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
