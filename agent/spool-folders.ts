import { readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { crc32c } from "../core/runtime/crc32c.ts";
import type { Logger } from "../core/runtime/log.ts";

/** Readable, and different for destinations that differ in a character a file name cannot have. */
export function spoolFolder(name: string): string {
  const readable = name.replaceAll(/[^A-Za-z0-9.-]+/g, "_").slice(0, 80);
  return `${readable}-${crc32c(Buffer.from(name)).toString(16).padStart(8, "0")}`;
}

const SPOOL_FOLDER = /^[A-Za-z0-9._-]+-[0-9a-f]{8}$/;

/**
 * Deletes the folders of destinations that are no more, once everything in them is older than samples
 * may be; until then they are named, for their samples still go out when the destination comes back.
 * What the agent has not made is left alone.
 */
export function sweepSpool(
  directory: string,
  destinations: readonly string[],
  maxAgeMs: number,
  nowMs: number,
  log: Logger,
): void {
  const ours = new Set(destinations.map(spoolFolder));
  const strangers = readdirSync(directory).filter((folder) => !ours.has(folder));
  const expired = strangers.filter(
    (folder) => SPOOL_FOLDER.test(folder) && nowMs - youngestMs(join(directory, folder)) > maxAgeMs,
  );
  for (const folder of expired) rmSync(join(directory, folder), { recursive: true, force: true });
  if (expired.length > 0)
    log.info({ directory, folders: expired }, "spool of destinations that are no more deleted");
  const waiting = strangers.filter((folder) => !expired.includes(folder));
  if (waiting.length > 0)
    log.warn({ directory, strangers: waiting }, "spool has samples for destinations that are not configured");
}

/** When the folder or a file in it was last written to, milliseconds since 1970. */
function youngestMs(folder: string): number {
  const names = readdirSync(folder, { recursive: true }).map((name) => join(folder, String(name)));
  return Math.max(...[folder, ...names].map((path) => statSync(path).mtimeMs));
}
