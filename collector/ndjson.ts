// One sample a line:
//   {"name":"node_load1","labels":{"instance":"10.0.0.7"},"timestampMs":1700000000000,"value":0.25}
// JSON has no NaN and no infinities: these are texts, as Prometheus writes them; the end of a series is {…,"stale":true}.
import { renderValue } from "../core/metrics/exposition.ts";
import { mergedLabels } from "../core/metrics/labels.ts";
import type { Batch } from "../core/metrics/series.ts";
import type { Encode } from "./sinks/types.ts";

export const encodeNdjson: Encode = (batches) => Buffer.from(renderNdjson(batches));

export function renderNdjson(batches: readonly Batch[]): string {
  const lines: string[] = [];
  for (const { identity, series } of batches) {
    for (const { name, labels, samples } of series) {
      const about = `{"name":${JSON.stringify(name)},"labels":${JSON.stringify(mergedLabels(labels, identity))}`;
      for (const { timestampMs, value, stale } of samples) {
        const shown = Number.isFinite(value) ? value : JSON.stringify(renderValue(value));
        lines.push(`${about},"timestampMs":${timestampMs},${stale ? '"stale":true' : `"value":${shown}`}}\n`);
      }
    }
  }
  return lines.join("");
}
