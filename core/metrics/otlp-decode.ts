// OTLP metrics as protobuf (opentelemetry-proto, metrics/v1/metrics.proto); otlp.ts has the outer messages.
//   Histogram          { data_points = 1; aggregation_temporality = 2 }
//   HistogramDataPoint { time_unix_nano = 3; count = 4; sum = 5; bucket_counts = 6; explicit_bounds = 7; attributes = 9; flags = 10 }
//   SummaryDataPoint   { time_unix_nano = 3; count = 4; sum = 5; quantile_values = 6; attributes = 7; flags = 8 }
//   AnyValue           { string = 1; bool = 2; int = 3; double = 4; ArrayValue = 5; kvlist = 6; bytes = 7 }
import { DecodeError } from "./decode-error.ts";
import { setLabel } from "./labels.ts";
import { NO_POINT, type OtlpMetric, type OtlpPoint, type OtlpResource } from "./otlp-series.ts";
import { ProtoReader, tagOf, WIRE } from "./protobuf.ts";

/** A field's reader; those not named are skipped. */
type Fields = Readonly<Record<number, (reader: ProtoReader) => void>>;
type Writable<T> = { -readonly [K in keyof T]: T[K] };

const bytes = (field: number): number => tagOf(field, WIRE.bytes);
const varint = (field: number): number => tagOf(field, WIRE.varint);
const fixed = (field: number): number => tagOf(field, WIRE.fixed64);

/** Decodes an uncompressed ExportMetricsServiceRequest. Throws DecodeError. */
export function decodeMetricsRequest(request: Uint8Array): readonly OtlpResource[] {
  const resources: OtlpResource[] = [];
  readFields(new ProtoReader(request), {
    [bytes(1)]: inside((reader) => resources.push(readResourceMetrics(reader))),
  });
  return resources;
}

function readFields(reader: ProtoReader, fields: Fields): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    const read = fields[tag];
    if (read === undefined) reader.skip(tag);
    else read(reader);
  }
}

function inside(read: (reader: ProtoReader) => void): (reader: ProtoReader) => void {
  return (reader) => {
    const outer = reader.enter();
    read(reader);
    reader.leave(outer);
  };
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function readText(reader: ProtoReader): string {
  const outer = reader.enter();
  try {
    return utf8.decode(reader.bytes.subarray(reader.at, reader.end));
  } catch {
    throw new DecodeError("MALFORMED", `text is not UTF-8 at byte ${reader.at}`);
  } finally {
    reader.leave(outer);
  }
}

function readDouble(reader: ProtoReader): number {
  return reader.doubleAt(reader.fixed64());
}

/** Of a fixed64 or, where `isSigned`, an sfixed64: exact up to 2^53. */
function readInteger(reader: ProtoReader, isSigned: boolean): number {
  const at = reader.fixed64();
  const high = reader.wordAt(at + 4);
  return (isSigned ? high | 0 : high) * 2 ** 32 + reader.wordAt(at);
}

function readResourceMetrics(reader: ProtoReader): OtlpResource {
  const attributes: Record<string, string> = {};
  const metrics: OtlpMetric[] = [];
  readFields(reader, {
    [bytes(1)]: inside((resource) => readFields(resource, { [bytes(1)]: attributeInto(attributes) })),
    [bytes(2)]: inside((scope) =>
      readFields(scope, { [bytes(2)]: inside((metric) => metrics.push(readMetric(metric))) }),
    ),
  });
  return { attributes, metrics };
}

function readMetric(reader: ProtoReader): OtlpMetric {
  const points: OtlpPoint[] = [];
  const metric: Writable<OtlpMetric> = {
    ...{ name: "", description: "", unit: "", shape: "unknown", temporality: 0, isMonotonic: false, points },
  };
  const data = (shape: OtlpMetric["shape"], readPoint: (reader: ProtoReader) => OtlpPoint): Fields[number] =>
    inside((inner) => {
      metric.shape = shape;
      readFields(inner, {
        [bytes(1)]: inside((point) => points.push(readPoint(point))),
        [varint(2)]: (one) => {
          metric.temporality = one.uint32();
        },
        [varint(3)]: (one) => {
          metric.isMonotonic = one.uint32() !== 0;
        },
      });
    });
  readFields(reader, {
    [bytes(1)]: (one) => {
      metric.name = readText(one);
    },
    [bytes(2)]: (one) => {
      metric.description = readText(one);
    },
    [bytes(3)]: (one) => {
      metric.unit = readText(one);
    },
    [bytes(5)]: data("gauge", readNumberPoint),
    [bytes(7)]: data("sum", readNumberPoint),
    [bytes(9)]: data("histogram", readHistogramPoint),
    [bytes(10)]: data("exponential histogram", () => NO_POINT),
    [bytes(11)]: data("summary", readSummaryPoint),
  });
  return metric;
}

/** What all points have, at the numbers they have it. */
function readPoint(
  reader: ProtoReader,
  attributesAt: number,
  flagsAt: number,
  more: Fields,
  into: object,
): OtlpPoint {
  const attributes: Record<string, string> = {};
  const point: Writable<OtlpPoint> = Object.assign(into, { ...NO_POINT, ...into, attributes });
  readFields(reader, {
    [fixed(3)]: (one) => {
      // Beyond what a number holds exactly, by less than a microsecond.
      point.timeMs = Math.round(readInteger(one, false) / 1e6);
    },
    [bytes(attributesAt)]: attributeInto(attributes),
    [varint(flagsAt)]: (one) => {
      point.isEnd = (one.uint32() & 1) === 1;
    },
    ...more,
  });
  return point;
}

function readNumberPoint(reader: ProtoReader): OtlpPoint {
  const point: Writable<Partial<OtlpPoint>> = {};
  const more: Fields = {
    [fixed(4)]: (one) => {
      point.value = readDouble(one);
    },
    [fixed(6)]: (one) => {
      point.value = readInteger(one, true);
    },
  };
  return readPoint(reader, 7, 8, more, point);
}

/** Count and sum stand at the same numbers in histograms and summaries. */
function countAndSum(point: Writable<Partial<OtlpPoint>>): Fields {
  return {
    [fixed(4)]: (one) => {
      point.count = readInteger(one, false);
    },
    [fixed(5)]: (one) => {
      point.sum = readDouble(one);
    },
  };
}

function readHistogramPoint(reader: ProtoReader): OtlpPoint {
  const buckets: number[] = [];
  const bounds: number[] = [];
  const point: Writable<Partial<OtlpPoint>> = { buckets, bounds };
  const count = (one: ProtoReader): void => void buckets.push(readInteger(one, false));
  const bound = (one: ProtoReader): void => void bounds.push(readDouble(one));
  const more: Fields = {
    ...countAndSum(point),
    [bytes(6)]: packed(count),
    [fixed(6)]: count,
    [bytes(7)]: packed(bound),
    [fixed(7)]: bound,
  };
  return readPoint(reader, 9, 10, more, point);
}

function packed(read: (reader: ProtoReader) => void): (reader: ProtoReader) => void {
  return inside((list) => {
    while (list.at < list.end) read(list);
  });
}

function readSummaryPoint(reader: ProtoReader): OtlpPoint {
  const quantiles: { quantile: number; value: number }[] = [];
  const point: Writable<Partial<OtlpPoint>> = { quantiles };
  const quantile = inside((inner) => {
    const one = { quantile: 0, value: 0 };
    readFields(inner, {
      [fixed(1)]: (field) => {
        one.quantile = readDouble(field);
      },
      [fixed(2)]: (field) => {
        one.value = readDouble(field);
      },
    });
    quantiles.push(one);
  });
  return readPoint(reader, 7, 8, { ...countAndSum(point), [bytes(6)]: quantile }, point);
}

function attributeInto(attributes: Record<string, string>): (reader: ProtoReader) => void {
  return inside((reader) => {
    let key = "";
    let value = "";
    readFields(reader, {
      [bytes(1)]: (one) => {
        key = readText(one);
      },
      [bytes(2)]: inside((one) => {
        value = readAnyValue(one, 0);
      }),
    });
    if (key !== "") setLabel(attributes, key, value);
  });
}

/** Lists are written `["a","b"]`; how deep they may be nested is bounded. */
const MAX_DEPTH = 8;

function readAnyValue(reader: ProtoReader, depth: number): string {
  if (depth > MAX_DEPTH) throw new DecodeError("LIMIT", `values nested more than ${MAX_DEPTH} deep`);
  let text = "";
  readFields(reader, {
    [bytes(1)]: (one) => {
      text = readText(one);
    },
    [varint(2)]: (one) => {
      text = one.uint32() === 0 ? "false" : "true";
    },
    [varint(3)]: (one) => {
      text = String(one.int64());
    },
    [fixed(4)]: (one) => {
      text = String(readDouble(one));
    },
    [bytes(5)]: inside((list) => {
      const elements: string[] = [];
      readFields(list, { [bytes(1)]: inside((one) => elements.push(readAnyValue(one, depth + 1))) });
      text = JSON.stringify(elements);
    }),
  });
  return text;
}
