import { expect, test } from "vitest";
import { Refusal } from "../../../../collector/http/route.ts";
import { remoteWriteV2 } from "../../../../collector/ingests/remote-write-v2.ts";
import { WriteRequestV2Encoder } from "../../../../core/metrics/remote-write-v2.ts";
import { acceptedReply, parseWith, refusedReply } from "../../../support/ask-ingest.ts";
import { gauge } from "../../../support/push.ts";

const WRITTEN = "x-prometheus-remote-write-samples-written";
const others = {
  "x-prometheus-remote-write-histograms-written": "0",
  "x-prometheus-remote-write-exemplars-written": "0",
};

test("is known by the message it names", () => {
  expect(remoteWriteV2.reads("application/x-protobuf;proto=io.prometheus.write.v2.request")).toBe(true);
  expect(remoteWriteV2.reads("application/x-protobuf")).toBe(false);
});

test("a request is series with what is known of them", () => {
  const series = gauge("up", { instance: "10.0.0.7" }, 1, 5);
  const body = new WriteRequestV2Encoder().encode({ identity: {}, series: [series] });
  expect(parseWith(remoteWriteV2, body)).toMatchObject({
    series: [series],
    families: [{ name: "up", kind: "gauge", help: "About up." }],
  });
});

test("what has been written is always said", () => {
  expect(acceptedReply(remoteWriteV2, { samples: 5 })).toEqual([204, { [WRITTEN]: "5", ...others }, ""]);
  const [status, headers] = refusedReply(remoteWriteV2, new Refusal(503, "full", { "retry-after": "10" }));
  expect([status, headers]).toEqual([
    503,
    { "content-type": "text/plain; charset=utf-8", "retry-after": "10", [WRITTEN]: "0", ...others },
  ]);
});

test("nothing is called a success of which a part was left out", () => {
  const rejected = { samples: 2, reason: "10.0.0.7 has been rebuilt since" };
  const [status, headers, text] = acceptedReply(remoteWriteV2, {
    samples: 5,
    skipped: { exemplars: 0, histograms: 3 },
    rejected,
  });
  expect([status, headers]).toMatchObject([400, { [WRITTEN]: "5" }]);
  expect(text).toBe("3 histograms are not kept; 2 samples are not kept: 10.0.0.7 has been rebuilt since");
});
