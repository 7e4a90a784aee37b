import { expect, test } from "vitest";
import { Refusal } from "../../../../collector/http/route.ts";
import { otlp } from "../../../../collector/ingests/otlp.ts";
import { LabelCache } from "../../../../core/metrics/label-cache.ts";
import { encodeAttributes, encodeMetricsRequest } from "../../../../core/metrics/otlp.ts";
import { acceptedReply, NOW_MS, parseWith, refusedReply } from "../../../support/ask-ingest.ts";
import { otlpRequest, otlpResponse } from "../../../support/proto.ts";
import { gauge } from "../../../support/push.ts";

const PROTOBUF = { contentType: "application/x-protobuf" };
const JSON_TYPE = { contentType: "application/json;charset=utf-8" };

test("protobuf and JSON, and nothing else", () => {
  for (const { contentType } of [PROTOBUF, JSON_TYPE]) expect(otlp.reads(contentType)).toBe(true);
  for (const other of ["", "text/plain", "application/grpc"]) expect(otlp.reads(other)).toBe(false);
});

test("the same request in both is the same series", () => {
  const batch = {
    identity: { instance: "10.0.0.7", hostname: "web" },
    series: [gauge("load1", {}, 0.5, NOW_MS)],
  };
  const scope = { name: "plimsoll-agent", version: "1" };
  const bytes = encodeMetricsRequest(batch, scope, new LabelCache(encodeAttributes));
  const fromProtobuf = parseWith(otlp, bytes, PROTOBUF);
  expect(fromProtobuf.series).toEqual([
    gauge("load1", { instance: "10.0.0.7", hostname: "web" }, 0.5, NOW_MS),
  ]);
  const text = JSON.stringify(otlpRequest.decode(bytes));
  expect(parseWith(otlp, text, JSON_TYPE)).toEqual(fromProtobuf);
});

test("a success, whole or in part, answers in the form of the request", () => {
  const rejected = { samples: 2, reason: "delta" };
  expect(acceptedReply(otlp, {}, PROTOBUF)).toEqual([200, { "content-type": "application/x-protobuf" }, ""]);
  expect(acceptedReply(otlp, {}, JSON_TYPE)).toEqual([200, { "content-type": "application/json" }, "{}"]);
  const [, , text] = acceptedReply(otlp, { rejected }, PROTOBUF);
  expect(otlpResponse.decode(Buffer.from(String(text), "latin1"))).toMatchObject({
    partialSuccess: { rejectedDataPoints: "2", errorMessage: "delta" },
  });
  expect(acceptedReply(otlp, { rejected }, JSON_TYPE)[2]).toBe(
    '{"partialSuccess":{"rejectedDataPoints":"2","errorMessage":"delta"}}',
  );
});

test("an error is a status message", () => {
  const refusal = new Refusal(429, "too much", { "retry-after": "3" });
  expect(refusedReply(otlp, refusal, JSON_TYPE)).toEqual([
    429,
    { "content-type": "application/json", "retry-after": "3" },
    '{"message":"too much"}',
  ]);
  expect(refusedReply(otlp, refusal, PROTOBUF)[2]).toBe("\x12\x08too much");
});
