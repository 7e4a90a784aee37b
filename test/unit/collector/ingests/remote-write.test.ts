import { expect, test } from "vitest";
import { remoteWrite } from "../../../../collector/ingests/remote-write.ts";
import { encodeWriteRequest } from "../../../../core/metrics/remote-write.ts";
import { staleSample } from "../../../../core/metrics/series.ts";
import { parseWith } from "../../../support/ask-ingest.ts";
import { gauge, pushBody } from "../../../support/push.ts";

const TYPE = "application/x-protobuf";

test.for([
  [TYPE, true],
  [`${TYPE};proto=prometheus.writerequest`, true],
  [`${TYPE};charset=x`, true],
  [`${TYPE};proto=io.prometheus.write.v2.request`, false],
  ["application/json", false],
  ["", false],
] as const)("reads %j: %s", ([type, isRead]) => {
  expect(remoteWrite.reads(type)).toBe(isRead);
});

test("body → bytes → series", () => {
  const series = gauge("up", { instance: "10.0.0.7" }, 1, 5);
  const bytes = remoteWrite.encodings.snappy?.(pushBody(series), 1000);
  expect(parseWith(remoteWrite, bytes ?? "")).toEqual({
    series: [series],
    families: [{ name: "up", kind: "gauge", help: "About up." }],
    skipped: { exemplars: 0, histograms: 0 },
    received: bytes,
  });
});

test("what would have to be put right is not handed on as it came", () => {
  const samples = [staleSample(6), staleSample(5)];
  const late = encodeWriteRequest([{ identity: {}, series: [{ ...gauge("up", {}), samples }] }]);
  expect(parseWith(remoteWrite, late)).not.toHaveProperty("received");
});
