import fc from "fast-check";
import { expect, test } from "vitest";
import { MetricsRequestTemplates } from "../../../agent/metrics-request-template.ts";
import { LabelCache } from "../../../core/metrics/label-cache.ts";
import { encodeAttributes, encodeMetricsRequest } from "../../../core/metrics/otlp.ts";
import { type Batch, type Series, staleSample } from "../../../core/metrics/series.ts";
import { sayAt, shapes, ticks } from "../../support/batch-shapes.ts";

const IDENTITY = { instance: "10.0.0.7", ip: "10.0.0.7", hostname: "web" };
const NOW = 1_790_000_000_000;

function encode(batch: Batch): Uint8Array {
  const scope = { name: "agent", version: "1" };
  return encodeMetricsRequest(batch, scope, new LabelCache(encodeAttributes));
}

function load(labels: Series["labels"], timestampMs = NOW): Series {
  return {
    name: "node_load1",
    kind: "gauge",
    help: "Load.",
    labels,
    samples: [{ timestampMs, value: 0.25 }],
  };
}

test("a filled template is what is encoded anew", () => {
  fc.assert(
    fc.property(shapes, ticks, (all, some) => {
      const templates = new MetricsRequestTemplates(encode);
      for (const tick of some) {
        const batch = { identity: IDENTITY, series: sayAt(all, tick) };
        const isEnding = batch.series.some(({ samples }) => samples[0]?.stale);
        const body = templates.encode(batch);
        if (isEnding) expect(body).toBeUndefined();
        else expect(Buffer.from(body ?? [])).toEqual(Buffer.from(encode(batch)));
      }
    }),
  );
});

test("series that end, or have times of their own, are not for templates", () => {
  const templates = new MetricsRequestTemplates(encode);
  const ended = { ...load({}), samples: [staleSample(NOW)] };
  for (const series of [[ended], [load({}), load({ cpu: "0" }, NOW + 1)], []])
    expect(templates.encode({ identity: IDENTITY, series })).toBeUndefined();
});

/** Nanoseconds whose bytes are all text. */
function textualMs(): number {
  for (let ms = Number(0x1841_0000_0000_0000n / 1_000_000n); ; ms++)
    if (bytesOf(ms).every((byte) => byte < 0x80)) return ms;
}

function bytesOf(timestampMs: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(timestampMs) * 1_000_000n);
  return bytes;
}

test("where a label looks like a point there is no template", () => {
  const templates = new MetricsRequestTemplates(encode);
  const timestampMs = textualMs();
  const label = `\x19${bytesOf(timestampMs).toString("latin1")}!`;
  const encoded = (labels: Series["labels"]) =>
    templates.encode({ identity: IDENTITY, series: [load(labels, timestampMs)] });

  expect(encoded({ label })).toBeUndefined();
  expect(encoded({ label: label.slice(1) })).toBeDefined();
});
