import { expect, test } from "vitest";
import { openUptimeSource } from "../../../../agent/sources/uptime.ts";
import { sampleLines, tickIn } from "../../../support/source-context.ts";

test("the boot time is now less the uptime the container sees", async () => {
  expect(sampleLines(await openUptimeSource().sample(tickIn()))).toEqual([
    "node_boot_time_seconds 1700000000",
    "node_time_seconds 1700000755.73",
  ]);
});

test("it does not flicker, and follows a restart or a step of the clock", async () => {
  const source = openUptimeSource();
  const bootAt = async (nowMs: number, uptime: string): Promise<string | undefined> =>
    sampleLines(await source.sample(tickIn({ "/proc/uptime": `${uptime} 0.00\n` }, { nowMs })))[0];

  expect(await bootAt(1_000_000_499, "100.00")).toBe("node_boot_time_seconds 999900");
  expect(await bootAt(1_000_010_501, "110.00")).toBe("node_boot_time_seconds 999900");
  expect(await bootAt(1_000_020_000, "119.00")).toBe("node_boot_time_seconds 999900");
  expect(await bootAt(1_000_030_000, "5.00")).toBe("node_boot_time_seconds 1000025");
});
