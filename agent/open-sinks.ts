import { UsageError } from "../core/runtime/errors.ts";
import type { AgentOptions } from "./options.ts";
import type { ProtocolSink } from "./sinks/types.ts";

/**
 * The sinks of all destinations, which connect to nothing yet. Throws UsageError for two of one name: they would
 * share a spool, and their counters would be one series with two values.
 */
export async function openSinks({
  destinations,
  intervalMs,
}: Pick<AgentOptions, "destinations" | "intervalMs">): Promise<readonly ProtocolSink[]> {
  const sinks = await Promise.all(
    destinations.map(async ({ protocol, url, settings }) =>
      (await protocol.load())(url, settings, intervalMs),
    ),
  );
  const names = sinks.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice === undefined) return sinks;
  throw new UsageError(`push: ${twice} stands twice`, { hint: "give one of them a name of its own" });
}
