import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { gauge, point } from "../../../../agent/metric.ts";
import { remoteWrite } from "../../../../agent/sinks/remote-write.ts";
import { decodeWriteRequest } from "../../../../core/metrics/remote-write-decode.ts";
import { decodeSnappy } from "../../../../core/metrics/snappy.ts";
import { packageVersion } from "../../../../core/runtime/version.ts";
import { Cleanup } from "../../../support/cleanup.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

test("a batch is one compressed WriteRequest with the identity on every series", () => {
  const series = [point(gauge("node_load1", "1m load average."), {}, 0.25, 1000)];
  const body = remoteWrite.encode({ identity: { instance: "10.0.0.7", ip: "10.0.0.7" }, series });

  expect(decodeWriteRequest(decodeSnappy(body, 10_000)).series).toEqual([
    { ...series[0], labels: { instance: "10.0.0.7", ip: "10.0.0.7" } },
  ]);
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
  const sink = remoteWrite.open(new URL(`http://user:secret@127.0.0.1:${port}/api/v1/write`));

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
