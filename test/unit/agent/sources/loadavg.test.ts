import { expect, test } from "vitest";
import { loadavg } from "../../../../agent/sources/loadavg.ts";
import { openSource, sampleLines, tickIn } from "../../../support/source-context.ts";

test("the three averages", async () => {
  expect(sampleLines(await openSource(loadavg)(tickIn()))).toEqual([
    "node_load1 0.2",
    "node_load15 0.12",
    "node_load5 0.18",
  ]);
});
