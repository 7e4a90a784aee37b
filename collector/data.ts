import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "../core/runtime/clock.ts";
import { errorLine } from "../core/runtime/errors.ts";
import type { Logger } from "../core/runtime/log.ts";
import { takeLock } from "../core/runtime/spool-lock.ts";
import { Archive } from "./history/archive.ts";
import { Blocks } from "./history/blocks.ts";
import { Keeper } from "./history/keeper.ts";
import { SeriesIds } from "./history/series-ids.ts";
import { Inventory } from "./inventory/inventory.ts";
import type { Timeline } from "./inventory/timeline.ts";
import { type Database, openDatabase, openMemoryDatabase } from "./store/database.ts";
import { openTimeline } from "./store/events.ts";
import { GroupCommit } from "./store/group-commit.ts";
import { openRecords } from "./store/records.ts";

export const DEFAULT_DATA = "/var/lib/plimsoll/collector";
/** `--data none`: nothing on disk. */
export const NO_DATA = "none";

export interface DataOptions {
  /** A directory, "none", or undefined for the default one where it can be written to. */
  readonly data: string | undefined;
  readonly keepMs: number;
  readonly keepCoarseMs: number;
  readonly staleAfterMs: number;
  readonly isCounter: (name: string) => boolean;
}

/** What outlives the process, or as much of it as there is without a disk. */
export interface Data {
  readonly inventory: Inventory;
  readonly timeline: Timeline;
  readonly blocks: Blocks;
  readonly commits: GroupCommit;
  /** Undefined without a disk: memory is for the latest values. */
  readonly archive: Archive | undefined;
  /** Where everything is; undefined in memory. */
  readonly directory: string | undefined;
  /** Where a queue of a sink is kept; undefined in memory. */
  spoolDirectory(sink: string, shard: number): string | undefined;
  /** The file for what sinks refuse for good; undefined in memory. */
  readonly deadLetters: string | undefined;
  close(): Promise<void>;
}

export function deadLettersIn(directory: string): string {
  return join(directory, "dead-letters.ndjson");
}

const KEEP_ROUND_MS = 10_000;
const MAX_MACHINES = 50_000;
/** Pages given back to the file system in a round, 4 KiB each. */
const SHRINK_PAGES = 1000;

export async function openData(options: DataOptions, clock: Clock, log: Logger): Promise<Data> {
  const place = await openPlace(options.data, log);
  const { database } = place;
  const commits = new GroupCommit(database);
  const blocks = new Blocks(database, commits, log);
  const timeline = openTimeline(database, commits, log);
  const inventory = new Inventory({
    records: openRecords(database, commits, log),
    timeline,
    clock,
    leaseMs: options.staleAfterMs,
    maxMachines: MAX_MACHINES,
  });
  const isKept = place.directory !== undefined;
  const archive = isKept
    ? new Archive({ ...options, blocks, ids: new SeriesIds(database), commits, clock })
    : undefined;
  const stopKeeping = archive === undefined ? () => {} : keep(archive, inventory, database, log);
  return {
    inventory,
    timeline,
    blocks,
    commits,
    archive,
    directory: place.directory,
    spoolDirectory: (sink, shard) =>
      place.directory === undefined ? undefined : join(place.directory, "spool", folderOf(sink, shard)),
    deadLetters: place.directory === undefined ? undefined : deadLettersIn(place.directory),
    close: async () => {
      await stopKeeping();
      commits.flush();
      database.close();
      place.unlock();
    },
  };
}

interface Place {
  readonly database: Database;
  readonly directory: string | undefined;
  readonly unlock: () => void;
}

async function openPlace(data: string | undefined, log: Logger): Promise<Place> {
  const inMemory = (): Place => ({ database: openMemoryDatabase(), directory: undefined, unlock: () => {} });
  if (data === NO_DATA) return inMemory();
  if (data !== undefined) return openDirectory(data, log);
  try {
    return await openDirectory(DEFAULT_DATA, log);
  } catch (error) {
    log.warn({ problem: errorLine(error) }, "no history is kept");
    return inMemory();
  }
}

async function openDirectory(directory: string, log: Logger): Promise<Place> {
  const database = openDatabase(join(directory, "history.db"), log);
  try {
    const { dev, ino } = statSync(directory);
    const unlock = await takeLock(`plimsoll-collector-${dev}-${ino}`, `data ${directory}`);
    return { database, directory, unlock };
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Returns what ends it, after the round under way. */
function keep(archive: Archive, inventory: Inventory, database: Database, log: Logger): () => Promise<void> {
  const keeper = new Keeper(archive, () => inventory.everyHistory(), log);
  let running = Promise.resolve();
  const timer = setInterval(() => {
    running = running.then(() => keeper.round()).then(() => database.shrink(SHRINK_PAGES));
  }, KEEP_ROUND_MS);
  return async () => {
    clearInterval(timer);
    await running;
  };
}

/** A name of letters for any URL; two queues never share one. The first is where a sink's only one once was. */
function folderOf(sink: string, shard: number): string {
  const digest = createHash("sha256").update(sink).digest("hex").slice(0, 8);
  return `${sink.replaceAll(/[^a-z0-9]+/gi, "-").slice(0, 40)}-${digest}${shard === 0 ? "" : `-${shard}`}`;
}
