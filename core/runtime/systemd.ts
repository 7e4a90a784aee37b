import { environmentVariable } from "./config.ts";
import { exec } from "./exec.ts";
import type { Logger } from "./log.ts";

/**
 * Tells systemd that the service is ready, where it asks to be told. For a unit with Type=notify and
 * NotifyAccess=all: the message comes from a child. Not being able to is logged only.
 */
export async function tellSystemdReady(log: Logger): Promise<void> {
  if (environmentVariable("NOTIFY_SOCKET") === undefined) return;
  try {
    await exec(["systemd-notify", "--ready"]);
  } catch (error) {
    log.warn({ err: error }, "systemd not told of readiness");
  }
}
