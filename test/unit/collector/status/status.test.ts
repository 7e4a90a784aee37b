import { afterAll, expect, test } from "vitest";
import type { Forwarding } from "../../../../collector/forwarding.ts";
import type { RequestCounts } from "../../../../collector/routes/ingest.ts";
import { openStatus } from "../../../../collector/status/status.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { openTestData } from "../../../support/collector-data.ts";
import { ManualClock } from "../../../support/manual-clock.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

const NOTHING = { full: 0, disk: 0, expired: 0, corrupt: 0 };

async function open(directory: string) {
  const clock = new ManualClock();
  const data = await openTestData(clock, directory);
  cleanup.add("data", () => data.close());
  const requests: RequestCounts = new Map();
  const intake = { samples: 0 };
  const forwarding = {
    ...{ name: "s", failing: { sinceMs: clock.monotonicMs() - 3000, reason: "HTTP 503" } },
    ...{ waitingSinceMs: clock.nowMs() - 8000, counts: { delivered: 5, refused: 1, retries: 2 } },
    spool: { length: 1, bytes: 700, dropped: { ...NOTHING, full: 2, expired: 1 } },
  } as unknown as Forwarding;
  const status = openStatus({
    ...{ intake, requests, data, clock, latest: { seriesCount: 4 }, forwardings: [forwarding] },
    peers: { peers: [{ name: "http://peer", isConnected: false }] },
    lifecycle: { watch: { state: () => "silent" }, followers: [], provisioners: [] },
    lastProblem: () => ({ atMs: 0, text: "no room" }),
  });
  cleanup.add("status", () => status.close());
  return { clock, requests, intake, status };
}

test("what the objects know, in one answer", async () => {
  const folder = cleanup.temporaryFolder();
  const { clock, requests, intake, status } = await open(folder);
  requests.set("a", { ingest: "remote-write", status: 204, count: 20 });
  requests.set("b", { ingest: "remote-write", status: 413, count: 3 });
  requests.set("c", { ingest: "otlp", status: 413, count: 1 });
  intake.samples = 3000;
  await clock.advance(10_000);
  expect(status.read()).toMatchObject({
    ...{ pid: process.pid, uptimeSeconds: 10, series: 4, machines: { known: 0, states: {} } },
    pushes: { perSecond: 2, samplesPerSecond: 300, taken: 20, samples: 3000, refused: { "too large": 4 } },
    sinks: [
      {
        ...{ name: "s", failingSeconds: 13, reason: "HTTP 503", lagSeconds: 18, queueBytes: 700 },
        ...{ delivered: 5, refused: 1, retries: 2, dropped: 3 },
      },
    ],
    store: { directory: folder, quarantinedBlocks: 0, failedWrites: 0 },
    deadLetterBytes: 0,
    followed: [{ name: "http://peer", isConnected: false }],
    lastProblem: { at: "1970-01-01T00:00:00.000Z", text: "no room" },
  });
  expect(status.read().store?.bytes).toBeGreaterThan(4096);
});

test("in memory there is no store", async () => {
  const { status } = await open("none");
  expect(status.read()).toMatchObject({ store: null, deadLetterBytes: null });
});
