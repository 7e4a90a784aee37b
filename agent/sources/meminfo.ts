import { parseMeminfo } from "../../core/kernel/proc/meminfo.ts";
import { gauge, type Metric, point } from "../metric.ts";
import { rememberEach } from "../remember.ts";
import { defineSource, type SourceKind } from "../source-kind.ts";

/** Every line of /proc/meminfo under node_exporter's name for it. */
export const meminfo: SourceKind = defineSource({
  name: "meminfo",
  describes: "every line of /proc/meminfo",
  open: () => {
    const bytes = rememberEach((key) => makeMetric(key, "_bytes"));
    const count = rememberEach((key) => makeMetric(key, ""));
    return async ({ nowMs, read }) => {
      const entries = parseMeminfo(await read("/proc/meminfo"), "/proc/meminfo");
      return [...entries].map(([key, { value, unit }]) =>
        point(unit === "bytes" ? bytes(key) : count(key), {}, value, nowMs),
      );
    };
  },
});

/** `Active(anon)` → `node_memory_Active_anon_bytes`; a number of huge pages has no unit. */
function makeMetric(key: string, suffix: "_bytes" | ""): Metric {
  const name = key.replace(/\((.*)\)/, "_$1").replaceAll(/[^a-zA-Z0-9_]/g, "_") + suffix;
  return gauge(`node_memory_${name}`, `Memory information field ${name}.`);
}
