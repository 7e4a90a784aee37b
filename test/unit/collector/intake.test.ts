import { expect, test } from "vitest";
import { Catalog } from "../../../collector/catalog.ts";
import { DeadLetters } from "../../../collector/dead-letters/dead-letters.ts";
import { DeliverySlots } from "../../../collector/delivery-slots.ts";
import { Forwarder } from "../../../collector/forwarder.ts";
import { Forwarding } from "../../../collector/forwarding.ts";
import type { Ingested } from "../../../collector/ingests/types.ts";
import { Intake } from "../../../collector/intake.ts";
import { DEFAULT_LATEST_LIMITS, LatestStore } from "../../../collector/latest.ts";
import { Recent } from "../../../collector/recent/recent.ts";
import type { Encode } from "../../../collector/sinks/types.ts";
import { Trust } from "../../../collector/trust/trust.ts";
import type { Batch, Labels, Sample, Series } from "../../../core/metrics/series.ts";
import { openSpool } from "../../../core/runtime/spool.ts";
import { openTestData } from "../../support/collector-data.ts";
import { ManualClock, settle } from "../../support/manual-clock.ts";
import { gauge as gaugeAt } from "../../support/push.ts";
import { recordLog } from "../../support/record-log.ts";

/** A sink that never takes anything; what is encoded for it is counted. */
async function openWith(more: { takesReceived?: true }, ...queueBytes: readonly number[]) {
  const clock = new ManualClock();
  const log = recordLog();
  const kind = { encoded: [] as (readonly Batch[])[], fails: false };
  const encode: Encode = (batches) => {
    if (kind.fails) throw new Error("no room");
    kind.encoded.push(batches);
    return new Uint8Array(750);
  };
  const forwardings: Forwarding[] = [];
  for (const [index, bytes] of queueBytes.entries()) {
    const name = `sink ${index}`;
    const deliver = async () => ({ outcome: "retry", reason: "stuck" }) as const;
    const limits = { maxBytes: bytes, maxHeldBytes: 0, maxAgeMs: 1e9 };
    const forwarder = new Forwarder({
      sink: { name, join: () => new Uint8Array(), deliver },
      spool: await openSpool({ ...limits, sync: "never", clock, log }),
      ...{ maxSpoolBytes: bytes, clock, log, maxDeliveryBytes: 1 },
      ...{ slots: new DeliverySlots(1), deadLetters: new DeadLetters(undefined, log) },
    });
    const relabel = index === 2 ? ({ __name__ = "" }) => ({ __name__: `x_${__name__}` }) : undefined;
    const options = { name, encode, relabel, shards: [forwarder], ...more };
    forwardings.push(new Forwarding({ ...options, close: async () => {} }));
  }
  const latest = new LatestStore(DEFAULT_LATEST_LIMITS, clock);
  const catalog = new Catalog();
  const data = await openTestData(clock);
  const intake = new Intake({
    recent: new Recent(),
    latest,
    catalog,
    forwardings,
    trust: new Trust("address"),
    clock,
    log: recordLog(),
    ...data,
  });
  const close = async (): Promise<void> => {
    await Promise.all(forwardings.map((forwarding) => forwarding.close(0)));
  };
  return { intake, latest, catalog, kind, forwardings, close };
}

const open = (...queueBytes: readonly number[]) => openWith({}, ...queueBytes);

/** Where a manual clock begins. */
const START_MS = 1_700_000_000_000;
const gauge = (name: string, labels: Labels, value = 1, timestampMs: number = START_MS): Series =>
  gaugeAt(name, labels, value, timestampMs);

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
  expect([intake.samples, intake.skipped.get("exemplars"), kind.encoded.length]).toEqual([1, 2, 1]);
  expect(forwardings.map(({ spool }) => spool.length)).toEqual([1, 1]);
  await close();
});

test("of a refused request nothing is kept", async () => {
  const { intake, latest, forwardings, close } = await open(1000);
  const series = [gauge("a", { instance: "10.0.0.7" }), gauge("b", {})];
  await expect(intake.accept(ingested(series, { skipped: { exemplars: 1 } }), SENDER)).rejects.toThrow(
    "b: neither",
  );
  expect([latest.machineCount, intake.samples, intake.skipped.size, forwardings[0]?.spool.length]).toEqual([
    0, 0, 0, 0,
  ]);
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

test("what is not new goes to nobody; of each series what is known goes along", async () => {
  const { intake, kind, close } = await open(1000);
  const t = START_MS + 1;
  const push = (series: Series, families: Ingested["families"] = []) =>
    intake.accept(ingested([series], { families }), SENDER);
  const series = gauge("a", { instance: "10.0.0.7", x: "1" }, 1, t);
  await push({ ...series, kind: "unknown", help: "" }, [{ name: "a", kind: "gauge", help: "About a." }]);
  await push(series);
  expect(kind.encoded.map((batches) => batches.map(({ series: all }) => all.length))).toEqual([[1]]);
  expect(kind.encoded[0]).toEqual([
    { identity: { instance: "10.0.0.7" }, series: [{ ...series, labels: { x: "1" } }] },
  ]);
  await close();
});

test("what a protocol had to leave out, and who comes too late, is in the answer", async () => {
  const { intake, close } = await open();
  const [one, other] = ["10.0.0.7", "10.0.0.8"];
  const trusting = async (series: readonly Series[], rejected?: Ingested["rejected"]) =>
    intake.accept(ingested(series, { rejected }), SENDER);
  expect(await trusting([gauge("a", { instance: one })], { samples: 3, reason: "bad" })).toEqual({
    ...{ samples: 1, skipped: {}, rejected: { samples: 3, reason: "bad" } },
  });
  expect(intake.skipped.get("rejected")).toBe(3);
  await expect(trusting([gauge("a", { instance: other ?? "" })])).rejects.toThrow("may not speak");
  await close();
});

test("what came goes on as it came while it is whole, and each series says who it is of", async () => {
  const { intake, kind, close } = await openWith({ takesReceived: true }, 10_000);
  const received = new Uint8Array(10);
  const push = (...series: readonly Series[]): Promise<unknown> =>
    intake.accept(ingested(series, { received }), SENDER);
  const [instance, t] = ["10.0.0.7", START_MS];
  await push(gauge("a", { instance }, 1, t), gauge("b", { instance }, 1, t));
  expect(kind.encoded).toEqual([]);
  await push(gauge("a", { instance }, 1, t), gauge("b", { instance }, 1, t + 1));
  expect(kind.encoded.map(([batch]) => batch?.series.map(({ name }) => name))).toEqual([["b"]]);
  await push(gauge("a", { instance, hostname: "x" }, 1, t + 2), gauge("b", { instance }, 1, t + 2));
  expect(kind.encoded.map(([batch]) => batch?.series.length)).toEqual([1, 2]);
  await close();
});

test("what failed half-way and is sent again is handed on, though it is not new", async () => {
  const { intake, kind, close } = await open(1000);
  kind.fails = true;
  const push = () => intake.accept(ingested([gauge("a", { instance: "10.0.0.7" })]), SENDER);
  await expect(push()).rejects.toMatchObject({ status: 503 });
  kind.fails = false;
  await push();
  expect(kind.encoded.map(([batch]) => batch?.series.length)).toEqual([1]);
  await push();
  expect(kind.encoded).toHaveLength(1);
  await close();
});

test("what is sent again is no more than what would have gone on at once", async () => {
  const { intake, kind, close } = await open(10_000);
  const [instance, t] = ["10.0.0.7", START_MS];
  const mixed = { ...gauge("a", { instance }), samples: [t + 1, t].map(at) };
  const push = () => intake.accept(ingested([mixed, gauge("b", { instance }, 1, t + 1_200_000)]), SENDER);
  kind.fails = true;
  await expect(push()).rejects.toMatchObject({ status: 503 });
  kind.fails = false;
  await push();
  expect(kind.encoded.flat().map(({ series }) => series.map(({ samples }) => samples))).toEqual([
    [[at(t), at(t + 1)]],
  ]);
  await close();
});

function at(timestampMs: number): Sample {
  return { timestampMs, value: 1 };
}
