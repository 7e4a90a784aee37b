import { expect, test } from "vitest";
import { entropy } from "../../../../agent/sources/entropy.ts";
import { openSource, sampleLines, tickIn } from "../../../support/source-context.ts";

test("available bits and size of the pool", async () => {
  expect(sampleLines(await openSource(entropy)(tickIn()))).toEqual([
    "node_entropy_available_bits 256",
    "node_entropy_pool_size_bits 256",
  ]);
});
