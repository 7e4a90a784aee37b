import { expect, test } from "vitest";
import { time } from "../../../../agent/sources/time.ts";
import { openSource, sampleLines, tickIn } from "../../../support/source-context.ts";

const CLOCK_SOURCE = "/sys/devices/system/clocksource/clocksource0";

test("now, and the kernel's clock sources where /sys tells", async () => {
  const files = {
    [`${CLOCK_SOURCE}/available_clocksource`]: "kvm-clock tsc \n",
    [`${CLOCK_SOURCE}/current_clocksource`]: "tsc\n",
  };

  expect(sampleLines(await openSource(time)(tickIn(files)))).toEqual([
    'node_time_clocksource_available_info{clocksource="kvm-clock",device="0"} 1',
    'node_time_clocksource_available_info{clocksource="tsc",device="0"} 1',
    'node_time_clocksource_current_info{clocksource="tsc",device="0"} 1',
    "node_time_seconds 1700000755.73",
  ]);
  expect(sampleLines(await openSource(time)(tickIn()))).toEqual(["node_time_seconds 1700000755.73"]);
});
