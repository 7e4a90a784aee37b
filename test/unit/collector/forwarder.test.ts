import { afterEach, expect, test } from "vitest";
import { Forwarder } from "../../../collector/forwarder.ts";
import type { Delivery } from "../../../core/metrics/delivery.ts";
import { openSpool } from "../../../core/runtime/spool.ts";
import { ManualClock, settle } from "../../support/manual-clock.ts";
import { recordLog } from "../../support/record-log.ts";

const opened: Forwarder[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((forwarder) => forwarder.close(0)));
});

/** A sink whose answer to a body, the letters of its chunks, is `judge`'s. */
async function openForwarder(judge: (body: string) => Delivery | Promise<Delivery>, maxDeliveryBytes = 100) {
  const clock = new ManualClock();
  const log = recordLog();
  const limits = { maxBytes: 1000, maxHeldBytes: 0, maxAgeMs: 600_000 };
  const spool = await openSpool({ ...limits, sync: "never", clock, log });
  const bodies: string[] = [];
  const sink = {
    name: "test",
    join: (chunks: readonly Uint8Array[]) => Buffer.concat(chunks),
    deliver: async (body: Uint8Array) => {
      bodies.push(Buffer.from(body).toString());
      return judge(Buffer.from(body).toString());
    },
    close: async () => void bodies.push("closed"),
  };
  const forwarder = new Forwarder({ sink, spool, maxSpoolBytes: 1000, clock, log, maxDeliveryBytes });
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
  return { clock, log, spool, bodies, forwarder, offer };
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

test("close delivers what is spooled, then closes the sink", async () => {
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
  expect(bodies).toEqual(["a.", "b.", "closed"]);
  expect(spool.length).toBe(0);
});

test("close gives up after the grace period, and says what is left", async () => {
  const { bodies, forwarder, log, offer } = await openForwarder(() => retry);
  await settle();
  await offer("a");
  await forwarder.close(10);
  expect(bodies.at(-1)).toBe("closed");
  expect(log.lines.at(-1)).toMatchObject({ level: "warn", message: "stopped with undelivered samples" });
});
