import { systemClock } from "../core/runtime/clock.ts";
import { UsageError } from "../core/runtime/errors.ts";
import { packageVersion } from "../core/runtime/version.ts";
import { openLogger } from "./log.ts";
import type { AgentOptions } from "./options.ts";
import type { Outlet } from "./outlet.ts";
import { openOutlets } from "./outlets.ts";
import { Pipeline } from "./pipeline.ts";
import { openSampling } from "./sampling.ts";
import { selfSeries } from "./self-metrics.ts";
import { TickClock } from "./tick-clock.ts";

/** From the signal to the end: the last sample and what is queued must be out by then. */
const FLUSH_MS = 5000;

/** Samples and pushes until `stop` aborts, then flushes. */
export async function runAgent(options: AgentOptions, stop: AbortSignal): Promise<void> {
  requireDestinations(options);
  const log = openLogger(options.logLevel);
  const clock = systemClock;
  const version = packageVersion();
  const { sampler, identity, files } = openSampling(options, clock, log);
  const { outlets, close } = await openOutlets(options, clock, log);
  const ticks = new TickClock(clock, log);
  const pipeline: Pipeline = new Pipeline({
    sample: async (nowMs) => {
      const answers = await sampler.sample(nowMs);
      const state = {
        version,
        machine: identity.machine(),
        outlets,
        stuck: files.stuck(),
        unaddressedDropped: pipeline.droppedSamples,
        clockJumps: ticks.jumps,
      };
      return [...answers, { source: "agent", atMs: nowMs, series: selfSeries(state, nowMs) }];
    },
    identity,
    outlets,
    intervalMs: options.intervalMs,
    clock,
    ticks,
  });
  process.on("SIGHUP", () => log.info({}, "SIGHUP ignored: the configuration is read at the start only"));
  log.info({ version, push: outlets.map(({ name }) => name), intervalMs: options.intervalMs }, "ready");
  await pushUntil(stop, pipeline, outlets);
  await files.close();
  await close();
  log.info({ undelivered: outlets.map((outlet) => outlet.counts().queueLength) }, "stopped");
}

/** Throws UsageError when there is nowhere to push to. */
export function requireDestinations(options: AgentOptions): void {
  if (options.destinations.length > 0) return;
  throw new UsageError("nowhere to push to", {
    hint: "give --push URL, PLIMSOLL_AGENT_PUSH or push in the configuration",
  });
}

/** The outlets outlive the pipeline: they close when its last sample is theirs. */
async function pushUntil(stop: AbortSignal, pipeline: Pipeline, outlets: readonly Outlet[]): Promise<void> {
  const closing = new AbortController();
  const end = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  stop.addEventListener("abort", () => {
    timer = setTimeout(() => end.abort(), FLUSH_MS);
  });
  const deliveries = outlets.map((outlet) => outlet.run(closing.signal, end.signal));
  await pipeline.run(stop);
  closing.abort();
  await Promise.all(deliveries);
  clearTimeout(timer);
}
