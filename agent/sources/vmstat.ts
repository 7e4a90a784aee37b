import { parseVmstat } from "../../core/kernel/proc/vmstat.ts";
import { point, untyped } from "../metric.ts";
import { rememberEach } from "../remember.ts";
import { defineSource, pattern, type SourceKind } from "../source-kind.ts";

/** node_exporter's own default. */
const FIELDS = /^(oom_kill|pgpg|pswp|pg.*fault).*/;

export const vmstat: SourceKind = defineSource({
  name: "vmstat",
  describes: "paging, swapping, page faults and OOM kills",
  options: { fields: pattern(FIELDS, "the lines of /proc/vmstat that match") },
  open: ({ fields }) => {
    const isWanted = rememberEach((name) => fields.test(name));
    const metricOf = rememberEach((name) =>
      untyped(`node_vmstat_${name}`, `/proc/vmstat information field ${name}.`),
    );
    return async ({ nowMs, read }) => {
      const values = parseVmstat(await read("/proc/vmstat"), "/proc/vmstat", isWanted);
      return [...values].map(([name, value]) => point(metricOf(name), {}, value, nowMs));
    };
  },
});
