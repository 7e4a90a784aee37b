import type { Labels, Series } from "../core/metrics/series.ts";
import { counter, gauge, point } from "./metric.ts";
import type { OutletCounts } from "./outlet.ts";

const BUILD_INFO = gauge("plimsoll_agent_build_info", "1, with the agent's version.");
const MACHINE = gauge("plimsoll_machine_info", "1, with what tells this container from its predecessor.");
const MEMORY = gauge("plimsoll_agent_resident_memory_bytes", "Resident memory of the agent.");
const CPU = counter("plimsoll_agent_cpu_seconds_total", "CPU time of the agent.");
const STUCK = gauge("plimsoll_agent_source_stuck", "1 for a path that has not answered since its deadline.");
const UNADDRESSED = counter(
  "plimsoll_agent_unaddressed_samples_dropped_total",
  "Samples dropped because the machine had no address for too long.",
);
const JUMPS = counter("plimsoll_agent_clock_jumps_total", "Times the machine's clock was set.");
const PUSHED = counter("plimsoll_agent_samples_pushed_total", "Samples the receiver has accepted.");
const DROPPED = counter("plimsoll_agent_samples_dropped_total", "Samples lost, by reason.");
const RETRIES = counter("plimsoll_agent_push_retries_total", "Pushes that failed and were tried again.");
const QUEUE_LENGTH = gauge("plimsoll_agent_queue_length", "Batches waiting for delivery.");
const QUEUE_BYTES = gauge("plimsoll_agent_queue_bytes", "Space taken by batches waiting for delivery.");
const SKEW = gauge(
  "plimsoll_agent_clock_skew_seconds",
  "How far the machine's clock is ahead of the receiver's, to a second.",
);

const CHANGED = gauge(
  "plimsoll_agent_config_last_reload_successful",
  "Whether the configuration could be taken on when it was last read.",
);
const CHANGED_AT = gauge(
  "plimsoll_agent_config_last_reload_success_timestamp_seconds",
  "When a configuration was last taken on.",
);

export interface SelfState {
  readonly version: string;
  /** Empty where nobody has told. */
  readonly machine: Labels;
  readonly outlets: readonly { readonly name: string; counts(): OutletCounts }[];
  readonly stuck: readonly string[];
  readonly unaddressedDropped: number;
  readonly clockJumps: number;
  /** Of the configuration. */
  readonly change: { readonly isSuccessful: boolean; readonly successMs: number };
}

/** What the agent says of itself. */
export function selfSeries(state: SelfState, nowMs: number): readonly Series[] {
  const { user, system } = process.cpuUsage(); // microseconds
  return [
    point(BUILD_INFO, { version: state.version }, 1, nowMs),
    ...(Object.keys(state.machine).length === 0 ? [] : [point(MACHINE, state.machine, 1, nowMs)]),
    point(MEMORY, {}, process.memoryUsage.rss(), nowMs),
    point(CPU, {}, (user + system) / 1e6, nowMs),
    point(UNADDRESSED, {}, state.unaddressedDropped, nowMs),
    point(JUMPS, {}, state.clockJumps, nowMs),
    point(CHANGED, {}, state.change.isSuccessful ? 1 : 0, nowMs),
    point(CHANGED_AT, {}, state.change.successMs / 1000, nowMs),
    ...state.stuck.map((path) => point(STUCK, { path }, 1, nowMs)),
    ...state.outlets.flatMap((outlet) => outletSeries(outlet.name, outlet.counts(), nowMs)),
  ];
}

function outletSeries(sink: string, counts: OutletCounts, nowMs: number): Series[] {
  return [
    point(PUSHED, { sink }, counts.pushed, nowMs),
    ...Object.entries(counts.dropped).map(([reason, samples]) =>
      point(DROPPED, { sink, reason }, samples, nowMs),
    ),
    point(RETRIES, { sink }, counts.retries, nowMs),
    point(QUEUE_LENGTH, { sink }, counts.queueLength, nowMs),
    point(QUEUE_BYTES, { sink }, counts.queueBytes, nowMs),
    ...(counts.skewMs === undefined ? [] : [point(SKEW, { sink }, Math.round(counts.skewMs / 1000), nowMs)]),
  ];
}
