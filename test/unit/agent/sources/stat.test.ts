import { expect, test } from "vitest";
import { stat } from "../../../../agent/sources/stat.ts";
import { openSource, sampleLines, tickIn } from "../../../support/source-context.ts";

test("the scalars of /proc/stat; the boot time is now less the uptime the container sees", async () => {
  expect(sampleLines(await openSource(stat)(tickIn()))).toEqual([
    "node_boot_time_seconds 1700000000",
    "node_context_switches_total 466443",
    "node_forks_total 6006",
    "node_intr_total 188113",
    "node_procs_blocked 0",
    "node_procs_running 3",
  ]);
});

test("it does not flicker, and follows a restart or a step of the clock", async () => {
  const ask = openSource(stat);
  const bootAt = async (nowMs: number, uptime: string): Promise<string | undefined> =>
    sampleLines(await ask(tickIn({ "/proc/uptime": `${uptime} 0.00\n` }, { nowMs })))[0];

  expect(await bootAt(1_000_000_499, "100.00")).toBe("node_boot_time_seconds 999900");
  expect(await bootAt(1_000_010_501, "110.00")).toBe("node_boot_time_seconds 999900");
  expect(await bootAt(1_000_020_000, "119.00")).toBe("node_boot_time_seconds 999900");
  expect(await bootAt(1_000_030_000, "5.00")).toBe("node_boot_time_seconds 1000025");
});
