import { renderExposition } from "../core/metrics/exposition.ts";
import { systemClock } from "../core/runtime/clock.ts";
import { UsageError } from "../core/runtime/errors.ts";
import { openLogger } from "./log.ts";
import type { AgentOptions } from "./options.ts";
import { openSampling } from "./sampling.ts";

/** For the slowest source there may be: nothing else waits here. */
const PATIENCE_MS = 60_000;

/**
 * One sample as text: `prom` is the page node_exporter would show, without the labels that only a push
 * carries; `json` is the batch that would be pushed.
 */
export async function renderOnce(options: AgentOptions, format: string): Promise<string> {
  if (format !== "prom" && format !== "json") {
    throw new UsageError(`--format: ${JSON.stringify(format)} is not a format`, { hint: "prom or json" });
  }
  const { sampler, identity, files } = openSampling(options, systemClock, openLogger("warn"));
  const answers = await sampler.sample(systemClock.nowMs(), PATIENCE_MS);
  const series = answers.flatMap((answer) => answer.series);
  const labels = (await identity.labels()) ?? {};
  await files.close();
  if (format === "prom") return renderExposition(series);
  return `${JSON.stringify({ identity: labels, series }, undefined, 2)}\n`;
}
