import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "../core/runtime/clock.ts";
import { crc32c } from "../core/runtime/crc32c.ts";
import type { Logger } from "../core/runtime/log.ts";
import { openSpool, type Spool } from "../core/runtime/spool.ts";
import type { AgentOptions } from "./options.ts";
import { Outlet } from "./outlet.ts";
import type { SpoolSettings } from "./spool-options.ts";

/** About an hour of samples at the default interval. */
const MEMORY_BYTES = 1024 * 1024;
/** What is kept while the disk takes nothing: a quarter of an hour. */
const HELD_BYTES = 256 * 1024;
const LONGEST_STAGGER_MS = 10_000;

export interface OpenOutlets {
  readonly outlets: readonly Outlet[];
  close(): Promise<void>;
}

/** One outlet per destination, each with a folder of its own in the spool. */
export async function openOutlets(options: AgentOptions, clock: Clock, log: Logger): Promise<OpenOutlets> {
  const { destinations, intervalMs, spool: settings } = options;
  const staggerMs = Math.min(intervalMs, LONGEST_STAGGER_MS);
  const spools: Spool[] = [];
  const outlets: Outlet[] = [];
  for (const { protocol, url, settings: push } of destinations) {
    const sink = (await protocol.load())(url, push, intervalMs);
    const spool = await openSpoolOf(sink.name, settings, clock, log);
    spools.push(spool);
    outlets.push(new Outlet({ sink, spool, clock, log, staggerMs }));
  }
  reportSpool(settings, outlets, log);
  return { outlets, close: async () => void (await Promise.all(spools.map((spool) => spool.close()))) };
}

async function openSpoolOf(name: string, settings: SpoolSettings, clock: Clock, log: Logger): Promise<Spool> {
  const { directory, maxBytes, maxAgeMs } = settings;
  const common = { maxHeldBytes: HELD_BYTES, maxAgeMs, sync: "never" as const, clock, log };
  if (directory !== undefined) {
    try {
      mkdirSync(directory, { recursive: true });
      return await openSpool({ ...common, maxBytes, directory: join(directory, spoolFolder(name)) });
    } catch (error) {
      log.warn({ sink: name, err: error }, "spool cannot be used, samples wait in memory");
    }
  }
  return openSpool({ ...common, maxBytes: Math.min(maxBytes, MEMORY_BYTES) });
}

/** Readable, and different for destinations that differ in a character a file name cannot have. */
export function spoolFolder(name: string): string {
  const readable = name.replaceAll(/[^A-Za-z0-9.-]+/g, "_").slice(0, 80);
  return `${readable}-${crc32c(Buffer.from(name)).toString(16).padStart(8, "0")}`;
}

function reportSpool(
  { directory, isFallback }: SpoolSettings,
  outlets: readonly Outlet[],
  log: Logger,
): void {
  if (isFallback) {
    log.warn(
      {},
      "samples wait in memory: what a receiver has not taken ends with this process; give --spool DIR",
    );
  }
  for (const { name, counts } of outlets.map((outlet) => ({ name: outlet.name, counts: outlet.counts() }))) {
    if (counts.queueLength > 0)
      log.info({ sink: name, batches: counts.queueLength }, "goes on with what was left");
  }
  if (directory === undefined) return;
  const ours = new Set(outlets.map(({ name }) => spoolFolder(name)));
  const strangers = readdirSync(directory).filter((folder) => !ours.has(folder));
  if (strangers.length > 0)
    log.warn({ directory, strangers }, "spool has samples for destinations that are not configured");
}
