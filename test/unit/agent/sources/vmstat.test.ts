import { expect, test } from "vitest";
import { vmstat } from "../../../../agent/sources/vmstat.ts";
import { openSource, sampleLines, tickIn } from "../../../support/source-context.ts";

test("node_exporter's choice, as untyped; another where it is asked for", async () => {
  expect(sampleLines(await openSource(vmstat)(tickIn()))).toEqual([
    "node_vmstat_oom_kill 3",
    "node_vmstat_pgfault 313970529",
    "node_vmstat_pgmajfault 56281",
    "node_vmstat_pgpgin 20983207",
    "node_vmstat_pgpgout 18238249",
    "node_vmstat_pswpin 1",
    "node_vmstat_pswpout 2",
  ]);
  expect(sampleLines(await openSource(vmstat, { fields: "^pgscan" })(tickIn()))).toEqual([
    "node_vmstat_pgscan_kswapd 4",
  ]);
});
