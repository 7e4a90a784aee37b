import { expect, test } from "vitest";
import { openFalcon } from "../../../../collector/ingests/open-falcon.ts";
import { acceptedReply, parseWith } from "../../../support/ask-ingest.ts";

const value = {
  endpoint: "10.0.0.7",
  metric: "load.1min",
  value: 1,
  step: 10,
  counterType: "GAUGE",
  tags: "",
};

test("an array is series; what is invalid is told apart", () => {
  const { series, rejected } = parseWith(openFalcon, JSON.stringify([value, { ...value, step: 0 }]));
  expect(series).toMatchObject([{ name: "load_1min", kind: "gauge", labels: { instance: "10.0.0.7" } }]);
  expect(rejected?.samples).toBe(1);
  expect(() => parseWith(openFalcon, "")).toThrow("body is blank");
});

test("the agent says success, the transfer how much of it", () => {
  const accepted = { samples: 3, rejected: { samples: 2, reason: "x" } };
  expect(acceptedReply(openFalcon, accepted).slice(0, 3)).toMatchObject([200, {}, "success"]);
  expect(acceptedReply(openFalcon, accepted, { path: "/api/push" })[2]).toBe(
    '{"msg":"success","data":{"Message":"ok","Total":5,"Invalid":2,"Latency":0}}',
  );
});
