import { expect, test } from "vitest";
import { softnet } from "../../../../agent/sources/softnet.ts";
import { openSource, sampleLines, tickIn } from "../../../support/source-context.ts";

test("packets by CPU", async () => {
  const lines = sampleLines(await openSource(softnet)(tickIn({ "/proc/net/softnet_stat": "ff 1 4\n" })));

  expect(lines).toEqual([
    'node_softnet_dropped_total{cpu="0"} 1',
    'node_softnet_processed_total{cpu="0"} 255',
    'node_softnet_times_squeezed_total{cpu="0"} 4',
  ]);
});
