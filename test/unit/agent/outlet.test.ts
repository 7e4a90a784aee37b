import { expect, test } from "vitest";
import { MemorySpool } from "../../../agent/memory-spool.ts";
import { counter, point } from "../../../agent/metric.ts";
import { Outlet } from "../../../agent/outlet.ts";
import type { Delivery } from "../../../core/metrics/delivery.ts";
import type { Batch } from "../../../core/metrics/series.ts";
import { ManualClock, settle } from "../../support/manual-clock.ts";
import { recordLog } from "../../support/record-log.ts";

const METRIC = counter("n_total", "");

/** A batch of two samples, told apart by its value. */
function batch(value: number): Batch {
  return { identity: {}, series: [point(METRIC, {}, value, 0), point(METRIC, { a: "b" }, value, 0)] };
}

/** An outlet whose receiver answers as `answers` says, then always with a success. */
function open(answers: readonly Delivery[] = [], spoolBytes = 100_000) {
  const clock = new ManualClock();
  const log = recordLog();
  const got: number[] = [];
  const left = [...answers];
  const outlet = new Outlet({
    encode: ({ series }) => new Uint8Array([series[0]?.samples[0]?.value ?? 0]),
    spool: new MemorySpool(spoolBytes),
    sink: {
      name: "test",
      deliver: async (body) => {
        const answer = left.shift() ?? { outcome: "delivered" };
        if (answer.outcome === "delivered") got.push(body[0] ?? 0);
        return answer;
      },
    },
    clock,
    log,
    random: () => 1,
  });
  const closing = new AbortController();
  const end = new AbortController();
  return { outlet, clock, log, got, closing, end, running: outlet.run(closing.signal, end.signal) };
}

test("delivers in order what is offered before and while it runs, and ends when closed and empty", async () => {
  const { outlet, got, closing, running } = open();
  await outlet.offer(batch(1));
  await settle();
  await outlet.offer(batch(2));
  await outlet.offer(batch(3));
  closing.abort();
  await running;

  expect(got).toEqual([1, 2, 3]);
  expect(outlet.counts()).toEqual({
    pushed: 6,
    refused: 0,
    dropped: 0,
    retries: 0,
    queueLength: 0,
    queueBytes: 0,
  });
});

test("closing an idle outlet ends it", async () => {
  const { closing, running } = open();
  await settle();
  closing.abort();
  await running;
});

test("a failure is retried later and later, nothing is sent in between, begin and end are logged", async () => {
  const failure: Delivery = { outcome: "retry", reason: "HTTP 500" };
  const { outlet, clock, log, got } = open([failure, failure, failure]);
  await outlet.offer(batch(1));
  await outlet.offer(batch(2));
  await clock.advance(6999);
  expect(got).toEqual([]);
  await clock.advance(1);

  expect(got).toEqual([1, 2]);
  expect(clock.sleeps).toEqual([1000, 2000, 4000]);
  expect(outlet.counts()).toMatchObject({ pushed: 4, retries: 3 });
  expect(log.lines.map(({ level, message, fields }) => [level, message, fields])).toEqual([
    ["warn", "push failed, will be retried", { sink: "test", reason: "HTTP 500" }],
    ["info", "push works again", { sink: "test", failures: 3 }],
  ]);
});

test("the receiver's own wish comes before the usual steps", async () => {
  const { outlet, clock } = open([{ outcome: "retry", reason: "HTTP 429", afterMs: 20_000 }]);
  await outlet.offer(batch(1));
  await clock.advance(0);

  expect(clock.sleeps).toEqual([22_000]);
});

test("what is refused is counted, logged and not sent again", async () => {
  const { outlet, clock, log, got } = open([{ outcome: "refused", reason: "HTTP 400: out of order" }]);
  await outlet.offer(batch(1));
  await outlet.offer(batch(2));
  await clock.advance(0);

  expect(got).toEqual([2]);
  expect(outlet.counts()).toMatchObject({ pushed: 2, refused: 2, retries: 0, queueLength: 0 });
  expect(log.lines).toMatchObject([{ level: "warn", fields: { reason: "HTTP 400: out of order" } }]);
});

test("what does not fit any more is the oldest, and counted", async () => {
  const { outlet, clock, got } = open([{ outcome: "retry", reason: "away" }], 450);
  await outlet.offer(batch(1));
  await settle();
  await outlet.offer(batch(2));
  await outlet.offer(batch(3));
  expect(outlet.counts()).toMatchObject({ dropped: 2, queueLength: 2 });
  await clock.advance(1000);

  expect(got).toEqual([2, 3]);
});

test("closing cuts a long wait short: one more attempt at once", async () => {
  const { outlet, clock, got, closing, running } = open([
    { outcome: "retry", reason: "away", afterMs: 60_000 },
  ]);
  await outlet.offer(batch(1));
  await clock.advance(0);
  closing.abort();
  await running;

  expect(got).toEqual([1]);
});

test("the end comes even while the receiver is away", async () => {
  const away = Array.from({ length: 100 }, (): Delivery => ({ outcome: "retry", reason: "away" }));
  const { outlet, clock, closing, end, running } = open(away);
  await outlet.offer(batch(1));
  await clock.advance(0);
  closing.abort();
  await clock.advance(3000);
  end.abort();
  await running;

  expect(outlet.counts()).toMatchObject({ pushed: 0, queueLength: 1 });
});
