import { systemClock } from "../core/runtime/clock.ts";
import { errorLine, UsageError } from "../core/runtime/errors.ts";
import { packageVersion } from "../core/runtime/version.ts";
import { Agent } from "./agent.ts";
import { openLogger } from "./log.ts";
import type { AgentOptions } from "./options.ts";

/** Runs until `stop` aborts. SIGHUP has `read` called again; what is wrong then is logged, and nothing changes. */
export async function runAgent(read: () => Promise<AgentOptions>, stop: AbortSignal): Promise<void> {
  const log = openLogger("info");
  const agent = new Agent(systemClock, log);
  const change = async (message: string): Promise<void> => {
    await agent.change(async () => {
      const options = requireWork(await read());
      const { strangers } = options;
      if (strangers.length > 0)
        log.warn({ variables: strangers }, "environment variables that are not options");
      return options;
    });
    log.info({ version: packageVersion(), push: agent.destinations }, message);
  };
  const reload = async (): Promise<void> => {
    try {
      await change("configuration reloaded");
    } catch (error) {
      log.error({ problem: errorLine(error) }, "configuration not reloaded, the one before stays");
    }
  };
  process.on("SIGHUP", reload);
  try {
    await change("ready");
    await agent.run(stop);
  } finally {
    process.off("SIGHUP", reload);
  }
}

/** Throws UsageError when there is nobody to tell. */
export function requireWork(options: AgentOptions): AgentOptions {
  if (options.destinations.length > 0 || options.listen !== undefined) return options;
  throw new UsageError("nowhere to push to", {
    hint: "give --push URL, PLIMSOLL_AGENT_PUSH or push in the configuration, or --listen",
  });
}
