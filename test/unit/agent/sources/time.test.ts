import { expect, test } from "vitest";
import { time } from "../../../../agent/sources/time.ts";
import { openSource, sampleLines, tickIn } from "../../../support/source-context.ts";

test("now, and the kernel's clock sources where /sys tells", async () => {
  expect(sampleLines(await openSource(time)(tickIn()))).toEqual([
    'node_time_clocksource_available_info{clocksource="kvm-clock",device="0"} 1',
    'node_time_clocksource_available_info{clocksource="tsc",device="0"} 1',
    'node_time_clocksource_current_info{clocksource="tsc",device="0"} 1',
    "node_time_seconds 1700000755.73",
  ]);
  const read = () => Promise.reject(new Error("no /sys"));
  expect(sampleLines(await openSource(time)(tickIn({}, { read })))).toEqual([
    "node_time_seconds 1700000755.73",
  ]);
});
