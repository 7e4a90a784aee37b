import { expect, test } from "vitest";
import { load } from "../../../../agent/sources/load.ts";
import { sampleLines, tickIn } from "../../../support/source-context.ts";

test("the three averages", async () => {
  expect(sampleLines(await load.sample(tickIn()))).toEqual([
    "node_load1 0.2",
    "node_load15 0.12",
    "node_load5 0.18",
  ]);
});
