import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, expect, test } from "vitest";
import { DeadLetters } from "../../../collector/dead-letters/dead-letters.ts";
import { DeliverySlots } from "../../../collector/delivery-slots.ts";
import { Forwarder } from "../../../collector/forwarder.ts";
import type { Delivery } from "../../../core/metrics/delivery.ts";
import { openSpool } from "../../../core/runtime/spool.ts";
import { Cleanup } from "../../support/cleanup.ts";
import { ManualClock, settle } from "../../support/manual-clock.ts";
import { recordLog } from "../../support/record-log.ts";
import { waitFor } from "../../support/wait-for.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());
const opened: Forwarder[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((forwarder) => forwarder.close(0)));
});

/** A sink whose answer to a body, the letters of its chunks, is `judge`'s. */
async function openForwarder(
  judge: (body: string) => Delivery | Promise<Delivery>,
  maxDeliveryBytes = 100,
  { maxBytes, maxAgeMs } = { maxBytes: 1000, maxAgeMs: 600_000 },
) {
  const clock = new ManualClock();
  const log = recordLog();
  const limits = { maxBytes, maxHeldBytes: 0, maxAgeMs };
  const spool = await openSpool({ ...limits, sync: "never", clock, log });
  const bodies: string[] = [];
  const sink = {
    name: "test",
    join: (chunks: readonly Uint8Array[]) => Buffer.concat(chunks),
    deliver: async (body: Uint8Array) => {
      bodies.push(Buffer.from(body).toString());
      return judge(Buffer.from(body).toString());
    },
    /** By letter. */
    divide: (chunk: Uint8Array) => {
      const half = chunk.length >> 1;
      const part = (body: Uint8Array) => ({ body, samples: body.length });
      return half === 0 ? undefined : ([part(chunk.subarray(0, half)), part(chunk.subarray(half))] as const);
    },
  };
  const path = join(cleanup.temporaryFolder(), "dead.ndjson");
  const forwarder = new Forwarder({
    ...{ sink, spool, maxSpoolBytes: maxBytes, clock, log, maxDeliveryBytes },
    slots: new DeliverySlots(1),
    deadLetters: new DeadLetters(path, log),
  });
  opened.push(forwarder);
  const offer = async (...letters: readonly string[]): Promise<void> => {
    for (const letter of letters) {
      await spool.append({ body: Buffer.from(letter), samples: 1, timeMs: clock.nowMs() });
    }
    const last = letters.at(-1) ?? "";
    if (last === "") return;
    await forwarder.offer({ body: Buffer.from("."), samples: 0, timeMs: clock.nowMs() });
    await settle();
  };
  return { clock, log, spool, sink, bodies, forwarder, offer, path };
}

const delivered: Delivery = { outcome: "delivered" };
const refused: Delivery = { outcome: "refused", reason: "HTTP 400: bad" };
const retry: Delivery = { outcome: "retry", reason: "HTTP 503" };

test("what waits is delivered together, in order", async () => {
  const { bodies, forwarder, offer, spool } = await openForwarder(() => delivered);
  await settle();
  await offer("a", "b", "c");
  expect(bodies).toEqual(["abc."]);
  expect([spool.length, forwarder.counts.delivered]).toEqual([0, 3]);
});

test("a delivery is not larger than it may be", async () => {
  const { bodies, offer } = await openForwarder(() => delivered, 2);
  await settle();
  await offer("a", "b", "c");
  await settle();
  expect(bodies).toEqual(["ab", "c."]);
});

test("a failed delivery is tried again after a growing pause, until it is taken", async () => {
  let answers = 3;
  const { bodies, clock, forwarder, log, offer } = await openForwarder(() =>
    answers-- > 0 ? retry : delivered,
  );
  await settle();
  await offer("a");
  expect(forwarder.failing).toEqual({ sinceMs: 0, reason: "HTTP 503" });
  await clock.advance(10_000);
  expect(bodies).toEqual(["a.", "a.", "a.", "a."]);
  expect(clock.sleeps.map((ms, i) => ms / 2 ** i >= 125 && ms / 2 ** i <= 250)).toEqual([true, true, true]);
  expect(forwarder.failing).toBeUndefined();
  expect(forwarder.counts).toEqual({ delivered: 1, refused: 0, retries: 3 });
  expect(log.lines.map(({ level, message }) => `${level} ${message}`)).toEqual([
    "warn sink does not take samples",
    "info sink takes samples again",
  ]);
});

test("Retry-After is waited for", async () => {
  const { clock, offer } = await openForwarder(() => ({ ...retry, afterMs: 60_000 }));
  await settle();
  await offer("a");
  expect(clock.sleeps[0]).toBeGreaterThanOrEqual(60_000);
  expect(clock.sleeps[0]).toBeLessThan(66_001);
});

test("one chunk that is refused does not cost the others: the request is halved until it is found", async () => {
  const { bodies, forwarder, log, offer, spool } = await openForwarder((body) =>
    body.includes("x") ? refused : delivered,
  );
  await settle();
  await offer("a", "b", "x");
  await settle();
  await waitFor("the end", () => spool.length === 0);
  expect(bodies).toEqual(["abx.", "ab", "x.", "x", "."]);
  expect(forwarder.counts).toMatchObject({ delivered: 2, refused: 1 });
  expect(spool.length).toBe(0);
  expect(log.lines.map(({ fields }) => fields.reason)).toEqual(["HTTP 400: bad"]);
});

test("what has been delivered of a halved request is not delivered again", async () => {
  let failing = true;
  const { bodies, clock, offer } = await openForwarder((body) => {
    if (body.length > 2) return refused;
    return body.startsWith("c") && failing ? retry : delivered;
  });
  await settle();
  await offer("a", "b", "c");
  await settle();
  failing = false;
  await clock.advance(1000);
  expect(bodies).toEqual(["abc.", "ab", "c.", "c."]);
});

test("what cannot be delivered for too long is given up, what is newer goes on", async () => {
  const { bodies, clock, forwarder, offer } = await openForwarder((body) =>
    body.includes("old") ? retry : delivered,
  );
  await settle();
  await offer("old");
  await clock.advance(500_000);
  await offer("new");
  await clock.advance(200_000);
  expect([forwarder.counts.delivered, forwarder.spool.dropped.expired]).toEqual([1, 1]);
  expect(bodies.at(-1)).toContain("new");
});

test("close delivers what is spooled", async () => {
  let gate = (): void => {};
  const open = new Promise<void>((resolve) => {
    gate = resolve;
  });
  const { bodies, forwarder, offer, spool } = await openForwarder(async () => {
    await open;
    return delivered;
  });
  await settle();
  await offer("a");
  await offer("b");
  const closed = forwarder.close(5000);
  gate();
  await closed;
  expect(bodies).toEqual(["a.", "b."]);
  expect(spool.length).toBe(0);
});

test("close gives up after the grace period, and says what is left", async () => {
  const { forwarder, log, offer } = await openForwarder(() => retry);
  await settle();
  await offer("a");
  await forwarder.close(10);
  expect(log.lines.at(-1)).toMatchObject({ level: "warn", message: "stopped with undelivered samples" });
});

test("of one chunk only the samples that are refused are lost, and can be read up", async () => {
  const { bodies, clock, forwarder, spool, path } = await openForwarder((body) =>
    body.includes("x") ? refused : delivered,
  );
  await forwarder.offer({ body: Buffer.from("abxd"), samples: 4, timeMs: clock.nowMs() });
  await settle();
  await waitFor("the end", () => spool.length === 0);
  expect(bodies).toEqual(["abxd", "ab", "xd", "x", "d"]);
  expect(forwarder.counts).toMatchObject({ delivered: 3, refused: 1 });
  expect(JSON.parse(readFileSync(path, "utf8"))).toMatchObject({
    ...{ sink: "test", reason: "HTTP 400: bad", samples: 1 },
    body: Buffer.from("x").toString("base64"),
  });
});

test("a chunk that is refused in every part is soon given up", async () => {
  const { bodies, clock, forwarder, spool } = await openForwarder(() => refused);
  await forwarder.offer({ body: Buffer.alloc(90, "x"), samples: 90, timeMs: clock.nowMs() });
  await waitFor("the end", () => spool.length === 0);
  expect(forwarder.counts).toMatchObject({ delivered: 0, refused: 90 });
  expect(bodies.length).toBeLessThan(30);
});

test("what a receiver leaves out of what it takes is counted", async () => {
  const { clock, forwarder, spool, log } = await openForwarder(() => ({
    outcome: "delivered",
    rejected: { samples: 2, reason: "Invalid: 2" },
  }));
  await forwarder.offer({ body: Buffer.from("abc"), samples: 3, timeMs: clock.nowMs() });
  await waitFor("the end", () => spool.length === 0);
  expect(forwarder.counts).toMatchObject({ delivered: 1, refused: 2 });
  expect(log.lines.map(({ fields }) => fields.reason)).toEqual(["Invalid: 2"]);
});

const ill: Delivery = { outcome: "retry", reason: "HTTP 500: too old sample", blame: "samples" };

test("what is answered with an error for ever gives way when the receiver takes others", async () => {
  const { forwarder, spool, clock, bodies } = await openForwarder((body) =>
    body.includes("x") ? ill : delivered,
  );
  await settle();
  for (const letters of ["axb", "c", "d"])
    await spool.append({ body: Buffer.from(letters), samples: letters.length, timeMs: clock.nowMs() });
  await forwarder.offer({ body: Buffer.from("e"), samples: 1, timeMs: clock.nowMs() });
  await settle();
  await clock.advance(5000);
  await waitFor("the end", () => spool.length === 0);
  expect(forwarder.counts).toMatchObject({ delivered: 5, refused: 1 });
  expect(bodies.slice(3)).toEqual(["axb", "c", "d", "e", "a", "xb", "x", "b"]);
});

test("an error for all of them is an outage: nothing is given up", async () => {
  const { forwarder, spool, clock } = await openForwarder(() => ill);
  await settle();
  for (const letter of ["a", "b"])
    await spool.append({ body: Buffer.from(letter), samples: 1, timeMs: clock.nowMs() });
  await forwarder.offer({ body: Buffer.from("c"), samples: 1, timeMs: clock.nowMs() });
  await settle();
  await clock.advance(120_000);
  expect([spool.length, forwarder.counts.refused]).toEqual([3, 0]);
});

test("a sink that is away for an hour gets all of it, in order, and is not asked all the time", async () => {
  let isAway = true;
  const { bodies, forwarder, offer, clock, spool } = await openForwarder(
    () => (isAway ? retry : delivered),
    8,
    { maxBytes: 100_000, maxAgeMs: 7_200_000 },
  );
  const letters = [..."abcdefghijkl"];
  for (const letter of letters) {
    await offer(letter);
    await clock.advance(300_000);
  }
  const attempts = bodies.length;
  expect(attempts).toBeLessThan(3_700_000 / 15_000 + 10);
  isAway = false;
  await clock.advance(30_000);
  await waitFor("all of it", () => spool.length === 0);
  expect(bodies.slice(attempts).join("").replaceAll(".", "")).toBe(letters.join(""));
  expect(forwarder.counts.delivered).toBe(letters.length);
});

test("what cannot be made a request costs itself, and nobody else", async () => {
  const { bodies, forwarder, offer, spool, path } = await openForwarder((body) => {
    if (body.includes("x")) throw new RangeError("no request");
    return delivered;
  });
  await offer("a", "x", "b");

  await waitFor("all is settled", () => spool.length === 0);
  expect(bodies.filter((body) => !body.includes("x")).join("")).toBe("ab.");
  expect(forwarder.counts).toMatchObject({ delivered: 2, refused: 1 });
  expect(readFileSync(path, "utf8")).toContain("cannot be sent: no request");
});

test("nor does a chunk that cannot be divided", async () => {
  const { forwarder, offer, spool, sink } = await openForwarder((body) =>
    body.includes("x") ? refused : delivered,
  );
  sink.divide = () => {
    throw new RangeError("damaged");
  };
  await offer("xx", "b");

  await waitFor("all is settled", () => spool.length === 0);
  expect(forwarder.counts).toMatchObject({ delivered: 1, refused: 1 });
});
