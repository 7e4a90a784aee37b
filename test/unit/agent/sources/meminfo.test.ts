import { expect, test } from "vitest";
import { meminfo } from "../../../../agent/sources/meminfo.ts";
import { openSource, sampleLines, tickIn } from "../../../support/source-context.ts";

test("every line under node_exporter's name, in bytes where the kernel says kB", async () => {
  const lines = sampleLines(await openSource(meminfo)(tickIn()));

  expect(lines).toContain("node_memory_MemTotal_bytes 536870912");
  expect(lines).toContain("node_memory_Active_anon_bytes 62914560");
  expect(lines).toContain("node_memory_HugePages_Total 0");
  expect(lines).toHaveLength(12);
});
