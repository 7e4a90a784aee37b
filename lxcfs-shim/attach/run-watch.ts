import { systemClock } from "../../core/runtime/clock.ts";
import { NotFoundError, PlimsollError } from "../../core/runtime/errors.ts";
import { LOG_LEVELS } from "../../core/runtime/log.ts";
import { openLogger } from "../../core/runtime/logger.ts";
import { oneOf } from "../../core/runtime/options.ts";
import { tellSystemdReady } from "../../core/runtime/systemd.ts";
import { NO_ANSWER } from "../operate/find-shims.ts";
import { attachTo, dockerSocket, findOneShim, openSearch } from "./attach.ts";
import { watchContainers } from "./watch.ts";

/** `plimsoll-shim attach --watch`: returns when `signal` has aborted and nothing is under way. */
export async function runWatch(
  flags: { readonly mount?: string; readonly dockerOnly?: boolean; readonly logLevel?: string },
  signal: AbortSignal,
): Promise<void> {
  const given = flags.logLevel === undefined ? undefined : { option: "--log-level", value: flags.logLevel };
  const log = openLogger("plimsoll-shim", oneOf(LOG_LEVELS, "a log level", given) ?? "info");
  const findShim: Parameters<typeof watchContainers>[0]["findShim"] = () =>
    findOneShim(flags.mount).catch((error: unknown) => {
      if (error instanceof NotFoundError || isSilent(error)) return undefined;
      throw error;
    });
  await findShim(); // several of them is wrong usage, not something to wait for
  log.info({ docker: dockerSocket() }, "watching");
  await tellSystemdReady(log);
  const search = openSearch(flags.dockerOnly ?? false);
  await watchContainers({ ...search, clock: systemClock, log, findShim, treatmentBy: attachTo }, signal);
  log.info({ reason: signal.reason }, "stopped");
}

/** Its next server is under way. */
function isSilent(error: unknown): boolean {
  return error instanceof PlimsollError && error.code === NO_ANSWER;
}
