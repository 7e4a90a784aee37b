import { expect, test } from "vitest";
import { NoData } from "../../../../agent/source-kind.ts";
import { conntrack } from "../../../../agent/sources/conntrack.ts";
import { openSource, sampleLines, tickIn } from "../../../support/source-context.ts";

test("entries, their limit, and the statistics of all CPUs together", async () => {
  expect(sampleLines(await openSource(conntrack)(tickIn()))).toEqual([
    "node_nf_conntrack_entries 17",
    "node_nf_conntrack_entries_limit 262144",
    "node_nf_conntrack_stat_drop 10",
    "node_nf_conntrack_stat_early_drop 0",
    "node_nf_conntrack_stat_found 6",
    "node_nf_conntrack_stat_ignore 0",
    "node_nf_conntrack_stat_insert 0",
    "node_nf_conntrack_stat_insert_failed 1",
    "node_nf_conntrack_stat_invalid 2",
    "node_nf_conntrack_stat_search_restart 4",
  ]);
});

test("no data where nothing is tracked; without statistics the totals", async () => {
  const without = (gone: string) => ({
    read: async (path: string) => {
      if (!path.includes(gone)) return tickIn().read(path);
      throw Object.assign(new Error("none"), { code: "ENOENT" });
    },
  });

  await expect(openSource(conntrack)(tickIn({}, without("nf_")))).rejects.toBeInstanceOf(NoData);
  expect(await openSource(conntrack)(tickIn({}, without("/stat/")))).toHaveLength(2);
});
