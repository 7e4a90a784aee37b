import { parseFields } from "../../core/kernel/lines.ts";
import type { Series } from "../../core/metrics/series.ts";
import { gauge, point } from "../metric.ts";
import { defineSource, type SourceKind } from "../source-kind.ts";
import type { SourceContext } from "./types.ts";

const TIME = gauge("node_time_seconds", "System time in seconds since epoch (1970).");
const AVAILABLE = gauge("node_time_clocksource_available_info", "1 for each clock source the kernel has.");
const CURRENT = gauge("node_time_clocksource_current_info", "1 for the clock source the kernel uses.");

const CLOCK_SOURCE = "/sys/devices/system/clocksource/clocksource0";

export const time: SourceKind = defineSource({
  name: "time",
  describes: "system time and the kernel's clock sources",
  open: () => async (context) => {
    const names = await Promise.all([
      clockSources(AVAILABLE, "available_clocksource", context),
      clockSources(CURRENT, "current_clocksource", context),
    ]);
    return [point(TIME, {}, context.nowMs / 1000, context.nowMs), ...names.flat()];
  },
});

/** Without /sys there are none to name, and the time is still right. */
async function clockSources(
  metric: typeof AVAILABLE,
  file: string,
  { nowMs, read }: SourceContext,
): Promise<Series[]> {
  const text = await read(`${CLOCK_SOURCE}/${file}`).catch(() => "");
  const names = parseFields(text).filter((name) => name !== "");
  return names.map((clocksource) => point(metric, { clocksource, device: "0" }, 1, nowMs));
}
