import { tagOf, WIRE } from "../core/metrics/protobuf.ts";
import type { Batch } from "../core/metrics/series.ts";
import { BatchShapes, commonTimestampMs } from "./batch-shapes.ts";

/*
 * From one tick to the next a request of OTLP differs in values and in the one time that all its points have:
 *   19 tt tt tt tt tt tt tt tt   NumberDataPoint.time_unix_nano
 *   21 xx xx xx xx xx xx xx xx   NumberDataPoint.as_double
 * So the request is made once, and filled in anew each time: a quarter of the work.
 */
const TIME = tagOf(3, WIRE.fixed64);
const DOUBLE = tagOf(4, WIRE.fixed64);
const TIME_AT = 1;
const VALUE_AT = 10;

interface Template {
  readonly bytes: Buffer;
  /** Where each series' point begins. */
  readonly points: Uint32Array;
}

/** Requests of batches that say the same series again and again. */
export class MetricsRequestTemplates {
  readonly #shapes: BatchShapes<Template | undefined>;

  /** `encode` makes a request, uncompressed, of nothing but the batch. */
  constructor(encode: (batch: Batch) => Uint8Array) {
    this.#shapes = new BatchShapes(true, (batch) => makeTemplate(batch, encode));
  }

  /** The bytes are good until the next call. undefined where this is not for templates: series that end, or have times of their own. */
  encode(batch: Batch): Uint8Array | undefined {
    const timestampMs = commonTimestampMs(batch);
    if (timestampMs === undefined || batch.series.some(({ samples }) => samples[0]?.stale)) return undefined;
    const template = this.#shapes.get(batch);
    if (template !== undefined) fill(template, batch, timestampMs);
    return template?.bytes;
  }
}

/** Series of one name are together in a request: each is found by its number, which is put in its value's place. */
function makeTemplate(batch: Batch, encode: (batch: Batch) => Uint8Array): Template | undefined {
  const timestampMs = batch.series[0]?.samples[0]?.timestampMs ?? 0;
  const series = batch.series.map((one, i) => ({ ...one, samples: [{ timestampMs, value: i }] }));
  const bytes = Buffer.from(encode({ ...batch, series }));
  const head = Buffer.alloc(VALUE_AT);
  head[0] = TIME;
  head.writeBigUInt64LE(BigInt(timestampMs) * 1_000_000n, TIME_AT);
  head[VALUE_AT - 1] = DOUBLE;
  const found: number[] = [];
  for (let at = bytes.indexOf(head); at !== -1; at = bytes.indexOf(head, at + 1)) found.push(at);
  if (found.length !== series.length) return undefined; // There is a label with such bytes in it.
  const points = new Uint32Array(series.length);
  for (const at of found) points[bytes.readDoubleLE(at + VALUE_AT)] = at;
  return { bytes, points };
}

function fill({ bytes, points }: Template, { series }: Batch, timestampMs: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const nanoseconds = BigInt(timestampMs) * 1_000_000n; // Beyond what a number holds exactly.
  const [low, high] = [Number(nanoseconds & 0xffff_ffffn), Number(nanoseconds >> 32n)];
  for (let i = 0; i < points.length; i++) {
    const at = points[i] ?? 0;
    view.setUint32(at + TIME_AT, low, true);
    view.setUint32(at + TIME_AT + 4, high, true);
    view.setFloat64(at + VALUE_AT, series[i]?.samples[0]?.value ?? 0, true);
  }
}
