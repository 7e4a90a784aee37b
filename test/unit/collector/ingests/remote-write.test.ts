import { expect, test } from "vitest";
import { remoteWrite } from "../../../../collector/ingests/remote-write.ts";
import { gauge, pushBody } from "../../../support/push.ts";

const TYPE = "application/x-protobuf";

test("takes what senders of 1.0 say", () => {
  expect(remoteWrite.unsupported(TYPE, "snappy")).toBeUndefined();
  expect(remoteWrite.unsupported(`${TYPE};proto=prometheus.WriteRequest`, "Snappy")).toBeUndefined();
});

test.for([
  [undefined, "snappy", 'content type ""'],
  ["application/json", "snappy", 'content type "application/json"'],
  [
    `${TYPE};proto=io.prometheus.write.v2.Request`,
    "snappy",
    "remote write 1.0, prometheus.WriteRequest, is taken",
  ],
  [TYPE, undefined, 'content encoding "": snappy'],
  [TYPE, "gzip", 'content encoding "gzip": snappy'],
])("does not take %s, %s", ([type, encoding, why = ""]) => {
  expect(remoteWrite.unsupported(type, encoding)).toContain(why);
});

test("body → bytes → series", () => {
  const series = gauge("up", { instance: "10.0.0.7" }, 1, 5);
  expect(remoteWrite.parse(remoteWrite.decompress(pushBody(series), 1000))).toEqual({
    series: [series],
    families: [{ name: "up", kind: "gauge", help: "About up." }],
    skipped: { exemplars: 0, histograms: 0 },
  });
});
