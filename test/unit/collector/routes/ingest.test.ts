import { beforeEach, expect, test } from "vitest";
import { Catalog } from "../../../../collector/catalog.ts";
import { ClientRates } from "../../../../collector/client-rates.ts";
import { Refusal } from "../../../../collector/http/route.ts";
import { INGESTS } from "../../../../collector/ingests/index.ts";
import { Intake } from "../../../../collector/intake.ts";
import { DEFAULT_LATEST_LIMITS, LatestStore } from "../../../../collector/latest.ts";
import { Recent } from "../../../../collector/recent/recent.ts";
import { ingestRoutes, type RequestCounts } from "../../../../collector/routes/ingest.ts";
import { parseTokens } from "../../../../collector/trust/token-file.ts";
import { Trust } from "../../../../collector/trust/trust.ts";
import { REMOTE_WRITE_HEADERS } from "../../../../core/metrics/remote-write.ts";
import { openTestData } from "../../../support/collector-data.ts";
import { ManualClock } from "../../../support/manual-clock.ts";
import { gauge, pushBody } from "../../../support/push.ts";
import { recordLog } from "../../../support/record-log.ts";

const clock = new ManualClock();
const counts: RequestCounts = new Map();
let latest = new LatestStore(DEFAULT_LATEST_LIMITS, clock);
let isFull = false;
let rates = new ClientRates(1000, clock);
let replyHeaders: Readonly<Record<string, string>> = {};
const data = await openTestData(clock);
const tokens = parseTokens("f", "0123456789abcdef 10.0.0.7");
const trust = new Trust("address", () => tokens);
const PEER = "10.0.0.7";
beforeEach(() => {
  rates = new ClientRates(1000, clock);
  latest = new LatestStore(DEFAULT_LATEST_LIMITS, clock);
});

/** The status, and what was said. */
async function post(
  body: Uint8Array,
  headers: Record<string, string> = REMOTE_WRITE_HEADERS,
  peer = PEER,
  path = "/api/v1/write",
): Promise<string> {
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
  Object.defineProperty(intake, "isFull", { value: isFull });
  const limits = { maxBytes: 1000, maxDecompressedBytes: 5000 };
  const readBody = async (maxBytes: number): Promise<Buffer> => {
    if (body.length > maxBytes) throw new Refusal(413, "too large");
    return Buffer.from(body);
  };
  try {
    const parts = { intake, latest, trust, rates, requests: counts, clock, limits };
    const route = ingestRoutes(INGESTS, parts).find((one) => one.path === path);
    const request = { headers, peer, params: {}, query: new URLSearchParams(), readBody };
    const reply = await route?.handle(request);
    replyHeaders = reply?.headers ?? {};
    return `${reply?.status} ${reply?.body ?? ""}`.trim();
  } finally {
    expect(latest.machineCount).toBeLessThan(3);
  }
}

const good = gauge("up", { instance: "10.0.0.7" });

test("204 and nothing said", async () => {
  expect(await post(pushBody(good))).toBe("204");
  expect(await post(pushBody())).toBe("204");
  expect(latest.seriesCount).toBe(1);
});

test("415 for another type or encoding", async () => {
  const v2 = "application/x-protobuf;proto=io.prometheus.write.v2.Request";
  expect(await post(pushBody(good), {})).toBe(
    `415 content type "": application/x-protobuf or ${v2} is taken`,
  );
  for (const encoding of ["gzip", "zstd", "", "constructor", "__proto__"]) {
    expect(await post(pushBody(good), { ...REMOTE_WRITE_HEADERS, "content-encoding": encoding })).toBe(
      `415 content encoding "${encoding}": snappy is taken`,
    );
    expect(replyHeaders["accept-encoding"]).toBe("snappy");
  }
  expect(
    await post(pushBody(good), { ...REMOTE_WRITE_HEADERS, "content-type": v2.replace(";", "; ") }),
  ).toContain("400 field 1: a request of version 1.0");
});

test("400 for what is malformed, naming it, with nothing stored", async () => {
  expect(await post(Buffer.from("hello"))).toMatch(/^400 snappy: /);
  expect(await post(pushBody(good, gauge("1up", { instance: "10.0.0.7" })))).toBe(
    '400 series 1: "1up" is not a metric name',
  );
  expect(await post(pushBody(good, gauge("up", {})))).toBe(
    "400 up: neither label instance nor label ip is an IP address",
  );
  expect(latest.machineCount).toBe(0);
});

test("403 for who speaks for another machine, unless with its token", async () => {
  expect(await post(pushBody(good), REMOTE_WRITE_HEADERS, "10.0.0.8")).toMatch(/^403 10\.0\.0\.8 may not/);
  const authorization = "Bearer 0123456789abcdef";
  expect(await post(pushBody(good), { ...REMOTE_WRITE_HEADERS, authorization }, "10.0.0.8")).toBe("204");
});

test("413 for too much, before or after decompression", async () => {
  expect(await post(new Uint8Array(1001))).toBe("413 too large");
  const wide = { ...good, labels: { ...good.labels, pad: "x".repeat(4000) } };
  expect(await post(pushBody(wide, wide))).toMatch(
    /^413 snappy: \d+ bytes uncompressed, at most 5000 are taken$/,
  );
});

test("503 and when to come back, while nothing can be forwarded", async () => {
  isFull = true;
  expect(await post(pushBody(good))).toBe("503 nothing can be forwarded at present, keep the samples");
  isFull = false;
});

test("every answer is counted", async () => {
  counts.clear();
  await post(pushBody(good));
  await post(pushBody(good));
  await post(Buffer.from("hello"));
  expect([...counts.values()]).toEqual([
    { ingest: "remote-write", status: 204, count: 2 },
    { ingest: "remote-write", status: 400, count: 1 },
  ]);
});

test("429 and when to come back, for a client that brings too much; not for one of this host", async () => {
  const many = { ...good, samples: Array.from({ length: 60 }, (_, i) => ({ timestampMs: i, value: i })) };
  rates.charge(PEER, 59_999);
  expect(await post(pushBody(many))).toBe("204");
  expect(await post(pushBody(many))).toMatch(/^429 more samples than one sender may bring/);
  expect(replyHeaders["retry-after"]).toBe("1");
  expect(await post(Buffer.from("x"), REMOTE_WRITE_HEADERS, "127.0.0.1")).toMatch(/^400/);
});

test("a refusal is said as the protocol says it", async () => {
  expect(await post(Buffer.from("a,b"), {}, PEER, "/write")).toMatch(/^400 {"error":"partial write/);
  expect(await post(Buffer.from("{"), { "content-type": "application/json" }, PEER, "/v1/metrics")).toBe(
    '400 {"message":"not JSON"}',
  );
});
