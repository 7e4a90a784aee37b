import { expect, test } from "vitest";
import { Catalog } from "../../../collector/catalog.ts";
import { Forwarder } from "../../../collector/forwarder.ts";
import type { Ingested } from "../../../collector/ingests/types.ts";
import { type Forwarding, Intake } from "../../../collector/intake.ts";
import { DEFAULT_LATEST_LIMITS, LatestStore } from "../../../collector/latest.ts";
import type { SinkKind } from "../../../collector/sinks/types.ts";
import { Trust } from "../../../collector/trust/trust.ts";
import type { Series } from "../../../core/metrics/series.ts";
import { openSpool } from "../../../core/runtime/spool.ts";
import { openTestData } from "../../support/collector-data.ts";
import { ManualClock, settle } from "../../support/manual-clock.ts";
import { gauge } from "../../support/push.ts";
import { recordLog } from "../../support/record-log.ts";

/** A kind of sink that never takes anything, and counts how often it encodes. */
function stuckKind(): SinkKind & { encoded: number } {
  const kind = {
    scheme: "stuck",
    transports: [],
    encoded: 0,
    encode: () => {
      kind.encoded++;
      return new Uint8Array(750);
    },
    open: async (name: string) => ({
      name,
      join: () => new Uint8Array(),
      deliver: async () => ({ outcome: "retry", reason: "stuck" }) as const,
      close: async () => {},
    }),
  };
  return kind;
}

async function open(...queueBytes: readonly number[]) {
  const clock = new ManualClock();
  const kind = stuckKind();
  const forwardings: Forwarding[] = [];
  for (const [index, bytes] of queueBytes.entries()) {
    const sink = await kind.open(`sink ${index}`, new URL("http://h"));
    const limits = { maxBytes: bytes, maxHeldBytes: 0, maxAgeMs: 1e9 };
    const spool = await openSpool({ ...limits, sync: "never", clock, log: recordLog() });
    const forwarder = new Forwarder({
      sink,
      spool,
      maxSpoolBytes: bytes,
      clock,
      log: recordLog(),
      maxDeliveryBytes: 1,
    });
    forwardings.push({ kind, forwarder });
  }
  const latest = new LatestStore(DEFAULT_LATEST_LIMITS, clock);
  const catalog = new Catalog();
  const data = await openTestData(clock);
  const intake = new Intake({
    latest,
    catalog,
    forwardings,
    trust: new Trust("address"),
    clock,
    log: recordLog(),
    ...data,
  });
  const close = async (): Promise<void> => {
    await Promise.all(forwardings.map(({ forwarder }) => forwarder.close(0)));
  };
  return { intake, latest, catalog, kind, forwardings, close };
}

const SENDER = { address: "10.0.0.7", token: undefined };

const ingested = (series: readonly Series[], more: Partial<Ingested> = {}): Ingested => ({
  series,
  families: [],
  skipped: {},
  ...more,
});

test("a request reaches the latest values, the catalogue, the counters and every sink, encoded once", async () => {
  const { intake, latest, catalog, kind, forwardings, close } = await open(1000, 1000);
  const families = [{ name: "a", kind: "gauge", help: "A." }] as const;
  await intake.accept(
    ingested([gauge("a", { instance: "10.0.0.7" })], { families, skipped: { exemplars: 2 } }),
    SENDER,
  );
  expect(latest.seriesCount).toBe(1);
  expect(catalog.describe("a").help).toBe("A.");
  expect([intake.samples, intake.skipped.get("exemplars"), kind.encoded]).toEqual([1, 2, 1]);
  expect(forwardings.map(({ forwarder }) => forwarder.spool.length)).toEqual([1, 1]);
  await close();
});

test("of a refused request nothing is kept", async () => {
  const { intake, latest, forwardings, close } = await open(1000);
  const series = [gauge("a", { instance: "10.0.0.7" }), gauge("b", {})];
  await expect(intake.accept(ingested(series, { skipped: { exemplars: 1 } }), SENDER)).rejects.toThrow(
    "b: neither",
  );
  expect([
    latest.machineCount,
    intake.samples,
    intake.skipped.size,
    forwardings[0]?.forwarder.spool.length,
  ]).toEqual([0, 0, 0, 0]);
  await close();
});

test("who speaks for another machine is refused, with everything else of the request", async () => {
  const { intake, latest, close } = await open(1000);
  const series = ["10.0.0.7", "10.0.0.8"].map((instance) => gauge("a", { instance }));
  await expect(intake.accept(ingested(series), SENDER)).rejects.toMatchObject({
    status: 403,
    message: "10.0.0.7 may not speak for 10.0.0.8: push from that address, or with its token",
  });
  expect(latest.machineCount).toBe(0);
  await close();
});

test("senders are held up only when every queue is full", async () => {
  const { intake, close } = await open(1000, 2000);
  const push = (): Promise<unknown> =>
    intake.accept(ingested([gauge("a", { instance: "10.0.0.7" })]), SENDER);
  await push();
  await settle();
  expect(intake.isFull).toBe(false);
  await close();
  const one = await open(1000);
  await one.intake.accept(ingested([gauge("a", { instance: "10.0.0.7" })]), SENDER);
  expect(one.intake.isFull).toBe(true);
  await one.close();
});

test("without a sink there is nothing to wait for", async () => {
  const { intake } = await open();
  expect(intake.isFull).toBe(false);
});

test("who has been succeeded is refused, and costs nobody else in the request", async () => {
  const { intake, latest, close } = await open(1000);
  const machine = (instance: string, container: string) => [
    gauge("a", { instance }),
    gauge("plimsoll_machine_info", { instance, owner: "o", container }),
  ];
  for (const container of ["first", "second"])
    await intake.accept(ingested(machine("10.0.0.7", container)), SENDER);
  await expect(intake.accept(ingested(machine("10.0.0.7", "first")), SENDER)).rejects.toMatchObject({
    status: 409,
    message: "10.0.0.7 has been rebuilt since, as second",
  });
  expect([intake.samples, latest.machineCount]).toEqual([4, 1]);
  await close();
});
