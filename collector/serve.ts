import { systemClock } from "../core/runtime/clock.ts";
import { openLogger } from "../core/runtime/logger.ts";
import { tellSystemdReady } from "../core/runtime/systemd.ts";
import { openCollector } from "./collector.ts";
import { readServeOptions, type ServeFlags } from "./serve-options.ts";

/** `plimsoll-collector serve`: returns when `signal` has aborted and what was queued is delivered, or given up. */
export async function serve(flags: ServeFlags, signal: AbortSignal): Promise<void> {
  const options = await readServeOptions(flags);
  const log = openLogger("plimsoll-collector", options.logLevel);
  const collector = await openCollector(options, systemClock, log);
  const { addresses, adminAddresses, reload } = collector;
  log.info({ addresses, adminAddresses, forward: options.forwards.map(({ name }) => name) }, "ready");
  await tellSystemdReady(log);
  process.on("SIGHUP", reload);
  await aborted(signal);
  process.off("SIGHUP", reload);
  await collector.close();
  log.info({ reason: signal.reason }, "stopped");
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
