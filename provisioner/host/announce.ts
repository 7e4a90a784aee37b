import { readFileSync } from "node:fs";
import { request } from "undici";
import { errorLine } from "../../core/runtime/errors.ts";
import type { Logger } from "../../core/runtime/log.ts";
import type { OperationKind } from "../machines/documents.ts";
import type { HostConfig } from "./config.ts";

/** What the collector takes: a change of a machine, and how long its silence is nobody's alarm. */
export interface Announcement {
  readonly change: "rebuild" | "resize" | "stop" | "destroy" | "release";
  readonly for: string;
  readonly reason: string;
}

/** A collector that does not answer keeps no operation waiting for longer. */
const TIMEOUT_MS = 2000;

const BEFORE: Readonly<Partial<Record<OperationKind, Pick<Announcement, "change" | "for">>>> = {
  // The longest there is: a machine that is stopped stays so until somebody starts it.
  stop: { change: "stop", for: "7d" },
  restart: { change: "stop", for: "10m" },
  resize: { change: "resize", for: "10m" },
  rebuild: { change: "rebuild", for: "10m" },
  // Silent until then was a host that was lost: somebody's alarm, and rightly.
  evacuate: { change: "rebuild", for: "10m" },
  destroy: { change: "destroy", for: "10m" },
};

const AFTER: Readonly<Partial<Record<OperationKind, Pick<Announcement, "change" | "for">>>> = {
  // In place of the 7 days; its agent needs a moment.
  start: { change: "stop", for: "2m" },
  // Another machine may get the address, and begins a history of its own.
  destroy: { change: "release", for: "10m" },
};

/** What is announced of an operation before it begins, and when it is done. */
export function announcementOf(kind: OperationKind, when: "before" | "after"): Announcement | undefined {
  const found = (when === "before" ? BEFORE : AFTER)[kind];
  return found && { ...found, reason: `plimsoll ct ${kind}` };
}

/** Tells the collector, if there is one. What it does not hear costs an alarm, never the operation. */
export async function announce(
  { collector }: Pick<HostConfig, "collector">,
  ip: string,
  announcement: Announcement,
  log: Logger,
): Promise<void> {
  if (collector === undefined) return;
  try {
    const { url, tokenFile } = collector;
    const token = tokenFile && readFileSync(tokenFile, "utf8").trim();
    const { statusCode, body } = await request(`${url}/api/v1/machines/${ip}/announce`, {
      method: "POST",
      headers: { "content-type": "application/json", ...(token ? { authorization: `Bearer ${token}` } : {}) },
      body: JSON.stringify(announcement),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const text = await body.text();
    if (statusCode !== 200)
      log.warn({ ...collector, ip, answer: text.trim() }, "collector refuses to be told");
  } catch (error) {
    log.warn({ ...collector, ip, problem: errorLine(error) }, "collector not told");
  }
}
