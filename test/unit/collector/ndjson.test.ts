import { expect, test } from "vitest";
import { encodeNdjson } from "../../../collector/ndjson.ts";
import { staleSample } from "../../../core/metrics/series.ts";
import { gauge } from "../../support/push.ts";

test("a sample is a line, whatever its value", () => {
  const series = [
    gauge("a", { x: 'é"' }, 1.5, 1000),
    gauge("b", {}, Number.NaN, 2000),
    { ...gauge("c", {}), samples: [staleSample(3000)] },
  ];
  const text = Buffer.from(encodeNdjson([{ identity: { ip: "10.0.0.7" }, series }], [])).toString();
  expect(text).toBe(
    '{"name":"a","labels":{"x":"é\\"","ip":"10.0.0.7"},"timestampMs":1000,"value":1.5}\n' +
      '{"name":"b","labels":{"ip":"10.0.0.7"},"timestampMs":2000,"value":"NaN"}\n' +
      '{"name":"c","labels":{"ip":"10.0.0.7"},"timestampMs":3000,"stale":true}\n',
  );
});
