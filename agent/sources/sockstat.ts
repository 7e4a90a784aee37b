import { readPageSize } from "../../core/kernel/page-size.ts";
import { parseNetSockstat } from "../../core/kernel/proc/net-sockstat.ts";
import { gauge, type Metric, point } from "../metric.ts";
import { rememberEach } from "../remember.ts";
import { defineSource, readIfThere, type SourceKind } from "../source-kind.ts";

const USED = gauge("node_sockstat_sockets_used", "Number of IPv4 sockets in use.");

export const sockstat: SourceKind = defineSource({
  name: "sockstat",
  describes: "sockets and their memory by protocol",
  open: (_, { root }) => {
    const metricsOf = rememberEach((protocol) => rememberEach((state) => makeMetric(protocol, state)));
    const pageBytes = readPageSize(root);
    return async ({ nowMs, read }) => {
      const [text, text6 = ""] = await Promise.all([
        read("/proc/net/sockstat"),
        readIfThere(read, "/proc/net/sockstat6"), // Not without IPv6.
      ]);
      const uses = [
        ...parseNetSockstat(text, "/proc/net/sockstat"),
        ...parseNetSockstat(text6, "/proc/net/sockstat6"),
      ];
      return uses.flatMap(({ protocol, counts }) => {
        if (protocol === "sockets") return [point(USED, {}, counts.get("used") ?? 0, nowMs)];
        const metricOf = metricsOf(protocol);
        return valuesOf(counts, pageBytes).map(([state, value]) => point(metricOf(state), {}, value, nowMs));
      });
    };
  },
});

/** `mem` is in pages; node_exporter says it in bytes as well. */
function valuesOf(counts: ReadonlyMap<string, number>, pageBytes: number): [state: string, value: number][] {
  const pages = counts.get("mem");
  return pages === undefined ? [...counts] : [...counts, ["mem_bytes", pages * pageBytes]];
}

function makeMetric(protocol: string, state: string): Metric {
  return gauge(`node_sockstat_${protocol}_${state}`, `Number of ${protocol} sockets in state ${state}.`);
}
