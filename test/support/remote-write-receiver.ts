import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { decodeWriteRequest, type WriteRequest } from "../../core/metrics/remote-write-decode.ts";
import type { Series } from "../../core/metrics/series.ts";
import { decodeSnappy } from "../../core/metrics/snappy.ts";
import type { Cleanup } from "./cleanup.ts";

export interface RemoteWriteReceiver {
  readonly url: string;
  /** Each request that was accepted, in order. */
  readonly requests: readonly WriteRequest[];
  /** Values of a series over all requests, in order; `labels` are those that must match. */
  values(name: string, labels?: Readonly<Record<string, string>>): number[];
  times(name: string, labels?: Readonly<Record<string, string>>): number[];
}

/** A receiver of remote write 1.0 that decodes and keeps everything. */
export async function startReceiver(cleanup: Cleanup, port = 0): Promise<RemoteWriteReceiver> {
  const requests: WriteRequest[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      // An agent asks for the time before its first push.
      const isPush = request.method === "POST";
      if (isPush) requests.push(decodeWriteRequest(decodeSnappy(Buffer.concat(chunks), 10_000_000)));
      response.writeHead(isPush ? 204 : 405).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  cleanup.add("receiver", () => {
    server.closeAllConnections();
    server.close();
  });
  const all = (name: string, labels: Readonly<Record<string, string>> = {}): Series[] =>
    requests
      .flatMap(({ series }) => series)
      .filter(
        (one) => one.name === name && Object.entries(labels).every(([key, text]) => one.labels[key] === text),
      );
  const samples = (name: string, labels?: Readonly<Record<string, string>>) =>
    all(name, labels).flatMap((one) => one.samples);
  return {
    url: `remote-write+http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v1/write`,
    requests,
    values: (name, labels) => samples(name, labels).map(({ value }) => value),
    times: (name, labels) => samples(name, labels).map(({ timestampMs }) => timestampMs),
  };
}
