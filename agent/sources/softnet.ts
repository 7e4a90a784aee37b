import { parseNetSoftnetStat } from "../../core/kernel/proc/net-softnet-stat.ts";
import { counter, point } from "../metric.ts";
import { defineSource, type SourceKind } from "../source-kind.ts";

const PROCESSED = counter("node_softnet_processed_total", "Number of processed packets");
const DROPPED = counter("node_softnet_dropped_total", "Number of dropped packets");
const SQUEEZED = counter(
  "node_softnet_times_squeezed_total",
  "Number of times processing packets ran out of quota",
);

/** Opt-in: the same host's figures from each of its containers, three series for each of its CPUs. */
export const softnet: SourceKind = defineSource({
  name: "softnet",
  describes: "packets processed and dropped by each CPU of the host",
  isOff: true,
  open:
    () =>
    async ({ nowMs, read }) => {
      const path = "/proc/net/softnet_stat";
      return parseNetSoftnetStat(await read(path), path).flatMap((row) => {
        const labels = { cpu: String(row.cpu) };
        return [
          point(PROCESSED, labels, row.processed, nowMs),
          point(DROPPED, labels, row.dropped, nowMs),
          point(SQUEEZED, labels, row.timesSqueezed, nowMs),
        ];
      });
    },
});
