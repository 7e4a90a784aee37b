import { expect, test } from "vitest";
import { Refusal } from "../../../../collector/http/route.ts";
import { influx } from "../../../../collector/ingests/influx.ts";
import { acceptedReply, NOW_MS, parseWith, refusedReply } from "../../../support/ask-ingest.ts";

const V2 = { path: "/api/v2/write" };

test("lines are series of the machine that their tags name", () => {
  const { series, skipped, rejected } = parseWith(
    influx,
    'cpu,host=10.0.0.7 idle=5 1700000000\nmem,ip=10.0.0.8,host=web used=1,note="x"\nbroken',
    { query: new URLSearchParams("precision=s") },
  );
  expect(series.map(({ name, labels, samples }) => [name, labels, samples])).toEqual([
    ["cpu_idle", { instance: "10.0.0.7" }, [{ timestampMs: NOW_MS, value: 5 }]],
    ["mem_used", { ip: "10.0.0.8", host: "web" }, [{ timestampMs: NOW_MS, value: 1 }]],
  ]);
  expect([skipped, rejected]).toEqual([
    { texts: 1 },
    { samples: 1, reason: "unable to parse 'broken': missing fields" },
  ]);
  expect(() => parseWith(influx, "", { query: new URLSearchParams("precision=day") })).toThrow(
    'precision "day"',
  );
});

test("good lines are kept beside bad ones, which are told", () => {
  expect(acceptedReply(influx, {})).toEqual([204, {}, ""]);
  const rejected = { samples: 1, reason: "unable to parse 'é'" };
  expect(acceptedReply(influx, { rejected })).toEqual([
    400,
    {
      "content-type": "application/json",
      "x-influxdb-error": "partial write: unable to parse '?' dropped=1",
    },
    `{"error":"partial write: unable to parse 'é' dropped=1"}`,
  ]);
});

test("errors as each version tells them", () => {
  const refusal = new Refusal(413, "too large");
  expect(refusedReply(influx, refusal)[2]).toBe('{"error":"too large"}');
  expect(refusedReply(influx, refusal, V2)).toEqual([
    413,
    { "content-type": "application/json" },
    '{"code":"request too large","message":"too large"}',
  ]);
});
