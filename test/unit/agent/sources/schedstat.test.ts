import { expect, test } from "vitest";
import { NoData } from "../../../../agent/source-kind.ts";
import { schedstat } from "../../../../agent/sources/schedstat.ts";
import { openSource, sampleLines, tickIn } from "../../../support/source-context.ts";

test("seconds by CPU", async () => {
  expect(sampleLines(await openSource(schedstat)(tickIn()))).toContain(
    'node_schedstat_waiting_seconds_total{cpu="1"} 211.462345',
  );
});

test("no data from a kernel without it", async () => {
  const read = () => Promise.reject(Object.assign(new Error("none"), { code: "ENOENT" }));

  await expect(openSource(schedstat)(tickIn({}, { read }))).rejects.toBeInstanceOf(NoData);
});
