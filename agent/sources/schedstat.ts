import { parseSchedstat } from "../../core/kernel/proc/schedstat.ts";
import { counter, point } from "../metric.ts";
import { defineSource, NoData, readIfThere, type SourceKind } from "../source-kind.ts";

const RUNNING = counter(
  "node_schedstat_running_seconds_total",
  "Number of seconds CPU spent running a process.",
);
const WAITING = counter(
  "node_schedstat_waiting_seconds_total",
  "Number of seconds spent by processing waiting for this CPU.",
);
const TIMESLICES = counter("node_schedstat_timeslices_total", "Number of timeslices executed by CPU.");

/** Opt-in: the same host's figures from each of its containers, three series for each of its CPUs. */
export const schedstat: SourceKind = defineSource({
  name: "schedstat",
  describes: "time that processes ran on and waited for each CPU of the host",
  isOff: true,
  open:
    () =>
    async ({ nowMs, read }) => {
      const text = await readIfThere(read, "/proc/schedstat");
      if (text === undefined) throw new NoData("the kernel keeps no scheduler statistics");
      return parseSchedstat(text, "/proc/schedstat").flatMap((row) => {
        const labels = { cpu: String(row.cpu) };
        return [
          point(RUNNING, labels, row.runningSeconds, nowMs),
          point(WAITING, labels, row.waitingSeconds, nowMs),
          point(TIMESLICES, labels, row.timeslices, nowMs),
        ];
      });
    },
});
