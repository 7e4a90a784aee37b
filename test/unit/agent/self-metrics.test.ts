import { expect, test } from "vitest";
import { selfSeries } from "../../../agent/self-metrics.ts";
import { renderExposition } from "../../../core/metrics/exposition.ts";

test("the agent reports its queues, losses, stuck paths and cost", () => {
  const dropped = { full: 2, disk: 0, expired: 7, corrupt: 8, refused: 1, future: 9 };
  const counts = { pushed: 10, dropped, retries: 3, queueLength: 4, queueBytes: 5, skewMs: 1600 };
  const series = selfSeries(
    {
      version: "1.2.3",
      machine: { owner: "o", generation: "2" },
      outlets: [{ name: "s", counts: () => counts }],
      stuck: ["/proc/stat"],
      unaddressedDropped: 6,
      clockJumps: 1,
      change: { isSuccessful: true, successMs: 500 },
    },
    1000,
  );
  const lines = renderExposition(series)
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));

  expect(lines.map((line) => line.replace(/((?:cpu_seconds_total|memory_bytes)) .*/, "$1 X"))).toEqual([
    'plimsoll_agent_build_info{version="1.2.3"} 1',
    "plimsoll_agent_clock_jumps_total 1",
    'plimsoll_agent_clock_skew_seconds{sink="s"} 2',
    "plimsoll_agent_config_last_reload_success_timestamp_seconds 0.5",
    "plimsoll_agent_config_last_reload_successful 1",
    "plimsoll_agent_cpu_seconds_total X",
    'plimsoll_agent_push_retries_total{sink="s"} 3',
    'plimsoll_agent_queue_bytes{sink="s"} 5',
    'plimsoll_agent_queue_length{sink="s"} 4',
    "plimsoll_agent_resident_memory_bytes X",
    'plimsoll_agent_samples_dropped_total{reason="full",sink="s"} 2',
    'plimsoll_agent_samples_dropped_total{reason="disk",sink="s"} 0',
    'plimsoll_agent_samples_dropped_total{reason="expired",sink="s"} 7',
    'plimsoll_agent_samples_dropped_total{reason="corrupt",sink="s"} 8',
    'plimsoll_agent_samples_dropped_total{reason="refused",sink="s"} 1',
    'plimsoll_agent_samples_dropped_total{reason="future",sink="s"} 9',
    'plimsoll_agent_samples_pushed_total{sink="s"} 10',
    'plimsoll_agent_source_stuck{path="/proc/stat"} 1',
    "plimsoll_agent_unaddressed_samples_dropped_total 6",
    'plimsoll_machine_info{generation="2",owner="o"} 1',
  ]);
});
