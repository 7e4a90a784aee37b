import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { gauge, point } from "../../../../agent/metric.ts";
import { DEFAULT_SETTINGS } from "../../../../agent/push-settings.ts";
import { openRemoteWrite } from "../../../../agent/sinks/remote-write.ts";
import { decodeWriteRequest } from "../../../../core/metrics/remote-write-decode.ts";
import type { Batch } from "../../../../core/metrics/series.ts";
import { decodeSnappy } from "../../../../core/metrics/snappy.ts";
import { packageVersion } from "../../../../core/runtime/version.ts";
import { Cleanup } from "../../../support/cleanup.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const URL_AWAY = new URL("http://127.0.0.1:1/");

function open(url = URL_AWAY) {
  return openRemoteWrite(url, DEFAULT_SETTINGS, 10_000);
}

function decode(body: Uint8Array = new Uint8Array(0)) {
  return decodeWriteRequest(decodeSnappy(body, 10_000));
}

function load(timestampMs: number): Batch {
  const series = [point(gauge("node_load1", "1m load average."), {}, 0.25, timestampMs)];
  return { identity: { instance: "10.0.0.7", ip: "10.0.0.7" }, series };
}

test("a batch is one compressed WriteRequest with the identity on every series", () => {
  const batch = load(1000);

  expect(decode(open().encode(batch)?.body).series).toEqual([{ ...batch.series[0], labels: batch.identity }]);
});

test("types and help come first, then once a minute, and after the clock was set back", () => {
  const { encode } = open();
  const families = [100_000, 159_999, 160_000, 170_000, 20_000].map(
    (ms) => decode(encode(load(ms))?.body).families,
  );

  expect(families.map((each) => each.length)).toEqual([1, 0, 1, 0, 1]);
  expect(families[0]).toEqual([{ name: "node_load1", kind: "gauge", help: "1m load average." }]);
});

test("a help text that has changed is told the next time", () => {
  const { encode } = open();
  const said = ["one", "one", "another"].map((help, i) => {
    const { identity, series } = load(100_000 + i * 60_000);
    const batch = { identity, series: series.map((each) => ({ ...each, help })) };
    return decode(encode(batch)?.body).families.map((family) => family.help);
  });

  expect(said).toEqual([["one"], ["one"], ["another"]]);
});

test("the request has the headers of remote write 1.0", async () => {
  let headers: IncomingHttpHeaders = {};
  const server = createServer((request, response) => {
    headers = request.headers;
    response.writeHead(204).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanup.add("server", () => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const sink = open(new URL(`http://user:secret@127.0.0.1:${port}/api/v1/write`));

  expect(await sink.deliver(new Uint8Array(1), new AbortController().signal)).toEqual({
    outcome: "delivered",
  });
  expect(headers).toMatchObject({
    "content-encoding": "snappy",
    "content-type": "application/x-protobuf",
    "user-agent": `plimsoll-agent/${packageVersion()}`,
    "x-prometheus-remote-write-version": "0.1.0",
  });
  expect(sink.name).toBe(`remote-write+http://127.0.0.1:${port}/api/v1/write`);
});

test("bodies are joined in order, and divided down to one sample", () => {
  const { encode, join, divide } = open();
  const bodies = [1000, 2000, 3000].map((ms) => encode(load(ms))?.body ?? new Uint8Array(0));
  const joined = join?.(bodies) ?? new Uint8Array(0);
  const times = (body: Uint8Array) =>
    decode(body).series.flatMap(({ samples }) => samples.map((one) => one.timestampMs));

  expect(times(joined)).toEqual([1000, 2000, 3000]);
  const parts = divide?.(joined) ?? [];
  expect(parts.map(({ body, samples }) => [samples, times(body)])).toEqual([
    [1, [1000]],
    [2, [2000, 3000]],
  ]);
  expect(divide?.(bodies[0] ?? new Uint8Array(0))).toBeUndefined();
});
