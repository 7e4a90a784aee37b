import { encodeWriteRequest, REMOTE_WRITE_HEADERS } from "../../core/metrics/remote-write.ts";
import type { Labels, Series } from "../../core/metrics/series.ts";
import { encodeSnappy } from "../../core/metrics/snappy.ts";

/** A gauge with one sample. */
export function gauge(name: string, labels: Labels, value = 1, timestampMs: number = Date.now()): Series {
  return { name, kind: "gauge", help: `About ${name}.`, labels, samples: [{ timestampMs, value }] };
}

/** The body of a remote-write request with these series. */
export function pushBody(...series: readonly Series[]): Uint8Array {
  return encodeSnappy(encodeWriteRequest([{ identity: {}, series }]));
}

/** Posts as an agent does. */
export function push(url: string, body: Uint8Array, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(url, {
    method: "POST",
    headers: { ...REMOTE_WRITE_HEADERS, ...headers },
    body: new Uint8Array(body),
  });
}
