import { afterAll, expect, test } from "vitest";
import { Refusal } from "../../../../collector/http/route.ts";
import { Announcements } from "../../../../collector/lifecycle/announcements.ts";
import { announceRoute } from "../../../../collector/routes/announce.ts";
import { Trust } from "../../../../collector/trust/trust.ts";
import { openTestData } from "../../../support/collector-data.ts";
import { ManualClock } from "../../../support/manual-clock.ts";

const clock = new ManualClock(Date.UTC(2026, 0, 1));
const data = await openTestData(clock);
afterAll(() => data.close());
const { inventory } = data;
const announcements = new Announcements(data.timeline, clock);
const route = announceRoute({
  announcements,
  inventory,
  trust: new Trust("any"),
  nowMs: () => clock.nowMs(),
});

async function post(ip: string, body: unknown, peer = "127.0.0.1"): Promise<string> {
  const readBody = async () => Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
  try {
    const reply = await route.handle({
      headers: {},
      params: { ip },
      query: new URLSearchParams(),
      peer,
      readBody,
    });
    return `${reply.status} ${String(reply.body).trim()}`;
  } catch (error) {
    if (error instanceof Refusal) return `${error.status} ${error.message}`;
    throw error;
  }
}

test("a plan, for ten minutes unless told, for a week at most", async () => {
  expect(await post("10.0.0.7", { change: "rebuild" })).toBe(
    '200 {"ip":"10.0.0.7","change":"rebuild","until":"2026-01-01T00:10:00.000Z"}',
  );
  expect(announcements.isPlanned("10.0.0.7")).toBe(true);
  expect(await post("10.0.0.7", { change: "stop", for: "90d" })).toContain("2026-01-08T00:00:00.000Z");
});

test("a released address is nobody's any more", async () => {
  inventory.observe("10.0.0.7", undefined);
  await post("10.0.0.7", { change: "release", reason: "decommissioned" });
  expect(inventory.current("10.0.0.7")?.ended?.why).toBe("decommissioned");
});

test.for<[string, unknown, string]>([
  ["10.0.0.7", "[", "400 not a JSON object"],
  ["10.0.0.7", "7", "400 not a JSON object"],
  ["10.0.0.7", {}, "400 change: one of rebuild, resize, stop, destroy, release"],
  [
    "10.0.0.7",
    { change: "stop", for: "soon" },
    '400 for: "soon" is not a duration (hint: write 100ms, 10s, 1m, 2h or 7d)',
  ],
  ["10.0.0.7", { change: "stop", reason: 7 }, "400 reason: a short text"],
  ["web", { change: "stop" }, "400 web is not an address"],
])("%s %j: %s", async ([ip, body, answer]) => {
  expect(await post(ip, body)).toBe(answer);
});

test("only from this host, or with a token for every machine", async () => {
  expect(await post("10.0.0.7", { change: "stop" }, "10.0.0.7")).toMatch(/^403 /);
});
