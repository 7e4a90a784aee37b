import { expect, test } from "vitest";
import { counter, point } from "../../../agent/metric.ts";
import { Outlet } from "../../../agent/outlet.ts";
import type { ProtocolSink } from "../../../agent/sinks/types.ts";
import type { Delivery } from "../../../core/metrics/delivery.ts";
import type { Batch } from "../../../core/metrics/series.ts";
import { openSpool, type SpoolOptions } from "../../../core/runtime/spool.ts";
import { ManualClock, settle } from "../../support/manual-clock.ts";
import { recordLog } from "../../support/record-log.ts";

const METRIC = counter("n_total", "");

/** A batch of two samples, told apart by its value. */
function batch(value: number, timestampMs = 0): Batch {
  return {
    identity: {},
    series: [point(METRIC, {}, value, timestampMs), point(METRIC, { a: "b" }, value, timestampMs)],
  };
}

type Answer = Delivery | ((body: Uint8Array) => Delivery);

/** An outlet whose receiver answers as `answers` says, then always with a success. A body is the values in it, twice each. */
async function open(
  answers: readonly Answer[] = [],
  { sink = {}, ...options }: Partial<SpoolOptions> & { sink?: Partial<ProtocolSink> } = {},
) {
  const clock = new ManualClock();
  const log = recordLog();
  const got: number[] = [];
  const left = [...answers];
  const spool = await openSpool({
    maxBytes: 100_000,
    maxHeldBytes: 0,
    maxAgeMs: Number.POSITIVE_INFINITY,
    sync: "never",
    clock,
    log,
    ...options,
  });
  const outlet = new Outlet({
    spool,
    sink: {
      name: "test",
      encode: ({ series }) => {
        const value = series[0]?.samples[0]?.value;
        return value === undefined ? undefined : { body: Uint8Array.of(value, value), samples: 2 };
      },
      join: (bodies) => Buffer.concat(bodies),
      divide: (body) =>
        body.length === 2
          ? [
              { body: body.slice(0, 1), samples: 1 },
              { body: body.slice(1), samples: 1 },
            ]
          : undefined,
      deliver: async (body) => {
        const next = left.shift() ?? { outcome: "delivered" };
        const answer = typeof next === "function" ? next(body) : next;
        if (answer.outcome === "delivered") got.push(...body);
        return answer;
      },
      ...sink,
    },
    clock,
    log,
    staggerMs: 0,
    random: () => 1,
  });
  const closing = new AbortController();
  const end = new AbortController();
  const start = () => outlet.run(closing.signal, end.signal);
  return { outlet, clock, log, got, closing, end, start, spool };
}

const failure: Delivery = { outcome: "retry", reason: "HTTP 503" };
const error: Delivery = { outcome: "retry", reason: "HTTP 500", blame: "samples" };
const refusal: Delivery = { outcome: "refused", reason: "HTTP 400: out of order", blame: "samples" };

test("delivers in order what is offered before and while it runs, and ends when closed and empty", async () => {
  const { outlet, got, closing, start } = await open();
  await outlet.offer(batch(1));
  const running = start();
  await settle();
  await outlet.offer(batch(2));
  await settle();
  await outlet.offer(batch(3));
  closing.abort();
  await running;

  expect(got).toEqual([1, 1, 2, 2, 3, 3]);
  expect(outlet.counts()).toEqual({
    pushed: 6,
    dropped: { full: 0, disk: 0, expired: 0, corrupt: 0, refused: 0, future: 0 },
    retries: 0,
    queueLength: 0,
    queueBytes: 0,
    skewMs: undefined,
  });
});

test("closing an idle outlet ends it", async () => {
  const { closing, start } = await open();
  const running = start();
  await settle();
  closing.abort();
  await running;
});

test("a batch that the protocol has no words for is nothing", async () => {
  const { outlet } = await open();
  await outlet.offer({ identity: {}, series: [] });

  expect(outlet.counts().queueLength).toBe(0);
});

test("a failure is retried later and later with the same bytes, nothing is sent in between, begin and end are logged", async () => {
  const bodies: number[][] = [];
  const fail = (body: Uint8Array): Delivery => {
    bodies.push([...body]);
    return failure;
  };
  const { outlet, clock, log, got, start } = await open([fail, fail, fail]);
  await outlet.offer(batch(1));
  void start();
  await settle();
  await outlet.offer(batch(2));
  await clock.advance(6999);
  expect(got).toEqual([]);
  await clock.advance(1);
  await clock.advance(0);

  expect(bodies).toEqual([[1, 1], [1, 1], [1, 1]]); // biome-ignore format: one row
  expect(got).toEqual([1, 1, 2, 2]);
  expect(clock.sleeps).toEqual([1000, 2000, 4000]);
  expect(outlet.counts()).toMatchObject({ pushed: 4, retries: 3 });
  expect(log.lines.map(({ level, message, fields }) => [level, message, fields])).toEqual([
    ["warn", "push failed, will be retried", { sink: "test", reason: "HTTP 503" }],
    ["info", "push works again", { sink: "test", failures: 3 }],
  ]);
});

test("what has waited goes out together", async () => {
  const sizes: number[] = [];
  const { outlet, got, start } = await open([
    (body) => {
      sizes.push(body.length);
      return { outcome: "delivered" };
    },
  ]);
  for (let i = 0; i < 50; i++) await outlet.offer(batch(i));
  void start();
  await settle();

  expect(sizes).toEqual([100]);
  expect(got).toHaveLength(100);
});

test("the receiver's own wish comes before the usual steps", async () => {
  const { outlet, clock, start } = await open([{ outcome: "retry", reason: "HTTP 429", afterMs: 20_000 }]);
  await outlet.offer(batch(1));
  void start();
  await clock.advance(0);

  expect(clock.sleeps).toEqual([22_000]);
});

test("one bad sample costs itself; it is counted, logged and not sent again", async () => {
  // Of 1 1 2 2 3 3 the first 2 is bad.
  let bad = true;
  const judge = (body: Uint8Array): Delivery => {
    const isBad = bad && body.includes(2);
    if (isBad && body.length === 1) bad = false;
    return isBad ? refusal : { outcome: "delivered" };
  };
  const { outlet, log, got, start } = await open(Array(20).fill(judge));
  for (const value of [1, 2, 3]) await outlet.offer(batch(value));
  void start();
  await settle();

  expect(got).toEqual([1, 1, 2, 3, 3]);
  expect(outlet.counts()).toMatchObject({ pushed: 5, dropped: { refused: 1 }, retries: 0, queueLength: 0 });
  expect(log.lines).toMatchObject([
    { level: "warn", fields: { samples: 1, reason: "HTTP 400: out of order" } },
  ]);
});

test("a refusal that is not about the samples is not taken apart", async () => {
  const { outlet, got, start } = await open([{ outcome: "refused", reason: "HTTP 401" }]);
  await outlet.offer(batch(1));
  await outlet.offer(batch(2));
  void start();
  await settle();
  await outlet.offer(batch(3));
  await settle();

  expect(got).toEqual([3, 3]);
  expect(outlet.counts()).toMatchObject({ pushed: 2, dropped: { refused: 4 } });
});

test("samples that a receiver leaves out of what it takes are counted, and told when that changes", async () => {
  const partly: Delivery = { outcome: "delivered", rejected: { samples: 1, reason: "Invalid: 1" } };
  const { outlet, log, start } = await open([partly, partly]);
  void start();
  for (const value of [1, 2, 3]) {
    await outlet.offer(batch(value));
    await settle();
  }

  expect(outlet.counts()).toMatchObject({ pushed: 4, dropped: { refused: 2 } });
  expect(log.lines.map(({ message, fields }) => [message, fields.reason])).toEqual([
    ["samples rejected", "Invalid: 1"],
  ]);
});

test("what is answered with an error for ever is given up when later samples are taken", async () => {
  const tooOld = (body: Uint8Array): Delivery =>
    body.includes(1) || body.includes(2) ? error : { outcome: "delivered" };
  const { outlet, clock, got, start } = await open(Array(40).fill(tooOld));
  await outlet.offer(batch(1));
  void start();
  await settle();
  for (const value of [2, 3, 4]) await outlet.offer(batch(value));
  await clock.advance(10_000);

  expect(got).toEqual([3, 3, 3, 3, 4, 4]); // 3 once out of turn
  expect(outlet.counts()).toMatchObject({ pushed: 4, dropped: { refused: 4 }, queueLength: 0 });
});

test("a receiver that becomes well while it is asked for others loses nothing", async () => {
  let isWell = false;
  const asNow = (body: Uint8Array): Delivery => {
    isWell ||= !body.includes(1);
    return isWell ? { outcome: "delivered" } : error;
  };
  const { outlet, clock, got, start } = await open(Array(40).fill(asNow));
  await outlet.offer(batch(1));
  void start();
  await settle();
  await outlet.offer(batch(2));
  await clock.advance(10_000);

  expect(got).toEqual([2, 2, 1, 1, 2, 2]); // 2 once out of turn
  expect(outlet.counts()).toMatchObject({ pushed: 4, dropped: { refused: 0 }, queueLength: 0 });
});

test("an error for everything is an outage: nothing is given up", async () => {
  const { outlet, clock, got, start } = await open(Array(30).fill(error));
  for (const value of [1, 2, 3]) await outlet.offer(batch(value));
  void start();
  await clock.advance(3_600_000);

  expect(got).toEqual([1, 1, 2, 2, 3, 3]);
  expect(outlet.counts()).toMatchObject({ pushed: 6, dropped: { refused: 0 } });
});

test("what does not fit any more is the oldest, and counted", async () => {
  const { outlet, clock, got, start } = await open([failure], { maxBytes: 450 });
  await outlet.offer(batch(1));
  await outlet.offer(batch(2));
  await outlet.offer(batch(3));
  expect(outlet.counts()).toMatchObject({ dropped: { full: 2 }, queueLength: 2 });
  void start();
  await clock.advance(1000);

  expect(got).toEqual([2, 2, 3, 3]);
});

test("what is too old is given up even while the receiver is away", async () => {
  const { outlet, clock, got, start } = await open(Array(99).fill(failure), { maxAgeMs: 60_000 });
  await outlet.offer(batch(1, clock.nowMs()));
  void start();
  await clock.advance(50_000);
  await outlet.offer(batch(2, clock.nowMs()));
  await clock.advance(300_000);

  expect(got).toEqual([]);
  expect(outlet.counts()).toMatchObject({ pushed: 0, dropped: { expired: 4 }, queueLength: 0 });
});

test("samples dated far ahead of the receiver's clock are not sent", async () => {
  const aheadMs = 7_200_000;
  const sink = { receiverNowMs: async () => clock.nowMs() - aheadMs };
  const { outlet, clock, got, log, start } = await open([], { sink });
  const nowMs = clock.nowMs();
  for (const [value, dateMs] of [
    [1, nowMs],
    [2, nowMs],
    [3, nowMs - aheadMs],
    [4, nowMs],
  ] as const) {
    await outlet.offer(batch(value, dateMs));
  }
  void start();
  await settle();

  expect(got).toEqual([3, 3]);
  expect(outlet.counts()).toMatchObject({
    pushed: 2,
    dropped: { future: 6 },
    skewMs: aheadMs,
    queueLength: 0,
  });
  expect(log.lines).toMatchObject([{ fields: { aheadMs } }, { fields: { aheadMs } }]);
});

test("closing cuts a long wait short: one more attempt at once", async () => {
  const { outlet, clock, got, closing, start } = await open([
    { outcome: "retry", reason: "away", afterMs: 60_000 },
  ]);
  await outlet.offer(batch(1));
  const running = start();
  await clock.advance(0);
  closing.abort();
  await running;

  expect(got).toEqual([1, 1]);
});

test("the end comes even while the receiver is away", async () => {
  const { outlet, clock, closing, end, start } = await open(Array(100).fill(failure));
  await outlet.offer(batch(1));
  const running = start();
  await clock.advance(0);
  closing.abort();
  await clock.advance(3000);
  end.abort();
  await running;

  expect(outlet.counts()).toMatchObject({ pushed: 0, queueLength: 1 });
});
