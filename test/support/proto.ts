import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import protobuf from "protobufjs";

/** A decoder that is not ours: of `message` as `test/fixtures/proto/FILE.proto` describes it. */
export function openProto<T extends object>(file: string, message: string): ProtoCodec<T> {
  const path = fileURLToPath(new URL(`../fixtures/proto/${file}.proto`, import.meta.url));
  const type = protobuf.parse(readFileSync(path, "utf8"), { keepCase: false }).root.lookupType(message);
  return {
    decode: (bytes) =>
      type.toObject(type.decode(bytes), { longs: String, defaults: false, arrays: true }) as T,
    encode: (value) => type.encode(type.fromObject(value)).finish(),
  };
}

export interface ProtoCodec<T> {
  /** 64-bit integers are decimal strings. */
  decode(bytes: Uint8Array): T;
  encode(value: object): Uint8Array;
}

export interface OtlpRequest {
  readonly resourceMetrics: readonly {
    readonly resource: { readonly attributes: readonly OtlpKeyValue[] };
    readonly scopeMetrics: readonly {
      readonly scope: { readonly name: string; readonly version: string };
      readonly metrics: readonly OtlpMetric[];
    }[];
  }[];
}

export interface OtlpMetric {
  readonly name: string;
  readonly description?: string;
  readonly gauge?: { readonly dataPoints: readonly OtlpPoint[] };
  readonly sum?: {
    readonly dataPoints: readonly OtlpPoint[];
    readonly aggregationTemporality: number;
    readonly isMonotonic: boolean;
  };
}

export interface OtlpPoint {
  readonly attributes: readonly OtlpKeyValue[];
  readonly timeUnixNano: string;
  readonly asDouble?: number;
  readonly flags?: number;
}

export interface OtlpKeyValue {
  readonly key: string;
  readonly value: { readonly stringValue?: string };
}

export const otlpRequest: ProtoCodec<OtlpRequest> = openProto(
  "otlp-metrics",
  "otlp.ExportMetricsServiceRequest",
);
export const otlpResponse: ProtoCodec<object> = openProto(
  "otlp-metrics",
  "otlp.ExportMetricsServiceResponse",
);
