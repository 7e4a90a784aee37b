import { parseMeminfo } from "../../core/kernel/proc/meminfo.ts";
import { gauge, point } from "../metric.ts";
import type { Source } from "./types.ts";

/** Every line of /proc/meminfo under node_exporter's name for it. */
export const memory: Source = {
  name: "memory",
  sample: async ({ nowMs, read }) => {
    const entries = parseMeminfo(await read("/proc/meminfo"), "/proc/meminfo");
    return [...entries].map(([key, { value, unit }]) => {
      const name = metricName(key, unit);
      return point(
        gauge(name, `Memory information field ${name.slice("node_memory_".length)}.`),
        {},
        value,
        nowMs,
      );
    });
  },
};

/** `Active(anon)` → `node_memory_Active_anon_bytes`; a number of huge pages has no unit. */
function metricName(key: string, unit: "bytes" | "count"): string {
  const name = key.replace(/\((.*)\)/, "_$1").replaceAll(/[^a-zA-Z0-9_]/g, "_");
  return `node_memory_${name}${unit === "bytes" ? "_bytes" : ""}`;
}
