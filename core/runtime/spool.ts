import { mkdirSync, statSync } from "node:fs";
import type { Clock } from "./clock.ts";
import { PlimsollError } from "./errors.ts";
import type { Logger } from "./log.ts";
import { type DropReason, isFullDisk, SpoolDisk } from "./spool-disk.ts";
import { type SpoolFiles, spoolFiles } from "./spool-files.ts";
import { HeldEntries } from "./spool-held.ts";
import { takeLock } from "./spool-lock.ts";
import type { SpoolEntry, SpoolRecord } from "./spool-record.ts";

export interface SpoolOptions {
  /** Made when it is not there. Without one, everything is held in memory. */
  readonly directory?: string | undefined;
  /** Of the files together, or of memory without a directory. The oldest is dropped for what is new. */
  readonly maxBytes: number;
  /** Of what the disk does not take: it waits in memory until the disk does. With 0 `append` rejects instead. */
  readonly maxHeldBytes: number;
  readonly maxAgeMs: number;
  /**
   * `each`: a record is on the disk when `append` resolves; those that come meanwhile share one
   * fdatasync. `never`: it is in the kernel's cache, which outlives the process but not a power loss.
   */
  readonly sync: "each" | "never";
  readonly clock: Clock;
  readonly log: Logger;
  readonly files?: SpoolFiles;
}

export interface PeekOptions {
  /** Of the bodies together; one entry comes whatever its size. */
  readonly maxBytes: number;
  /** Passes over those before, without giving them up. */
  readonly fromId?: number;
}

/**
 * What stands between making a record and delivering it: bounded, in order, the oldest dropped first
 * and counted. A record stays until it is acknowledged, beyond the end of the process.
 */
export interface Spool {
  readonly length: number;
  readonly bytes: number;
  /** The id of the last record appended, 0 before the first. */
  readonly lastId: number;
  /** Since it was opened, in samples. */
  readonly dropped: Readonly<Record<DropReason, number>>;
  append(record: SpoolRecord): Promise<void>;
  /** The oldest entries, in order. */
  peek(options: PeekOptions): Promise<readonly SpoolEntry[]>;
  /** Removes everything up to and including `id`. */
  acknowledge(id: number): Promise<void>;
  close(): Promise<void>;
}

/**
 * Throws PlimsollError `LOCKED` when another process has the directory, and the system's error when
 * it cannot be used at all.
 */
export async function openSpool(options: SpoolOptions): Promise<Spool> {
  const { directory, maxBytes, sync, log, files = spoolFiles } = options;
  if (directory === undefined) return new QueueSpool(options, undefined, () => {});
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const { dev, ino } = statSync(directory);
  const unlock = await takeLock(`plimsoll-spool-${dev}-${ino}`, `spool ${directory}`);
  try {
    const disk = new SpoolDisk({ directory, maxBytes, isSynced: sync === "each", files, log });
    await disk.load();
    return new QueueSpool(options, disk, unlock);
  } catch (error) {
    unlock();
    throw error;
  }
}

interface Arrival {
  readonly id: number;
  resolve(): void;
  reject(error: unknown): void;
}

class QueueSpool implements Spool {
  readonly #options: SpoolOptions;
  readonly #disk: SpoolDisk | undefined;
  readonly #unlock: () => void;
  /** Younger than all that is on the disk. */
  readonly #held = new HeldEntries();
  readonly #dropped: Record<DropReason, number> = { full: 0, disk: 0, expired: 0, corrupt: 0 };
  #arrivals: Arrival[] = [];
  #lastId: number;
  /** Why the disk does not take what is held. */
  #failure: unknown;
  /** Operations run one after the other. */
  #running: Promise<unknown> = Promise.resolve();

  constructor(options: SpoolOptions, disk: SpoolDisk | undefined, unlock: () => void) {
    this.#options = options;
    this.#disk = disk;
    this.#unlock = unlock;
    this.#lastId = disk?.lastId ?? 0;
  }

  get length(): number {
    return (this.#disk?.length ?? 0) + this.#held.length;
  }

  get bytes(): number {
    return (this.#disk?.waitingBytes ?? 0) + this.#held.bytes;
  }

  get lastId(): number {
    return this.#lastId;
  }

  get dropped(): Readonly<Record<DropReason, number>> {
    const disk = this.#disk?.dropped ?? { full: 0, disk: 0, expired: 0, corrupt: 0 };
    return {
      full: disk.full + this.#dropped.full,
      disk: disk.disk + this.#dropped.disk,
      expired: disk.expired + this.#dropped.expired,
      corrupt: disk.corrupt,
    };
  }

  append(record: SpoolRecord): Promise<void> {
    return new Promise((resolve, reject) => {
      const id = ++this.#lastId;
      this.#held.push({ ...record, id });
      this.#arrivals.push({ id, resolve, reject });
      this.#inTurn(() => this.#store()).catch(reject);
    });
  }

  peek(options: PeekOptions): Promise<readonly SpoolEntry[]> {
    return this.#inTurn(() => this.#peek(options));
  }

  acknowledge(id: number): Promise<void> {
    return this.#inTurn(() => this.#acknowledge(id));
  }

  close(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#unload();
      await this.#disk?.close();
      this.#unlock();
    });
  }

  #inTurn<T>(operation: () => Promise<T>): Promise<T> {
    const result = this.#running.then(operation);
    this.#running = result.catch(() => {});
    return result;
  }

  async *#entries(fromId: number, windowBytes: number): AsyncGenerator<SpoolEntry> {
    if (this.#disk !== undefined) yield* this.#disk.entries(fromId, windowBytes);
    for (const entry of this.#held) if (entry.id >= fromId) yield entry;
  }

  async #acknowledge(id: number): Promise<void> {
    await this.#disk?.acknowledge(id);
    while ((this.#held.first?.id ?? Number.POSITIVE_INFINITY) <= id) this.#held.shift();
  }

  async #peek({ maxBytes, fromId = 0 }: PeekOptions): Promise<readonly SpoolEntry[]> {
    const oldestMs = this.#options.clock.nowMs() - this.#options.maxAgeMs;
    await this.#disk?.dropOlderThan(oldestMs);
    const found: SpoolEntry[] = [];
    let bytes = 0;
    let expiredId = 0;
    for await (const entry of this.#entries(fromId, maxBytes)) {
      if (fromId === 0 && found.length === 0 && entry.timeMs < oldestMs) {
        expiredId = entry.id;
        this.#dropped.expired += entry.samples;
        continue;
      }
      bytes += entry.body.length;
      if (bytes > maxBytes && found.length > 0) break;
      found.push(entry);
    }
    if (expiredId > 0) await this.#acknowledge(expiredId);
    return found;
  }

  /** Puts everything that has arrived where it belongs, at once for all who wait. */
  async #store(): Promise<void> {
    const arrivals = this.#arrivals;
    this.#arrivals = [];
    if (arrivals.length === 0) return;
    await this.#unload();
    if (this.#failure !== undefined && this.#options.maxHeldBytes === 0) this.#refuse(arrivals);
    else {
      // What has come while the disk was busy is held for its own turn, however little may be held.
      if (this.#disk === undefined || this.#failure !== undefined) await this.#boundHeld();
      for (const { resolve } of arrivals) resolve();
    }
  }

  /** Moves what is held to the disk, as far as the disk takes it. */
  async #unload(): Promise<void> {
    if (this.#disk === undefined) return;
    try {
      for (let entry = this.#held.first; entry !== undefined; entry = this.#held.first) {
        await this.#disk.append(entry);
        this.#held.shift();
      }
      if (this.#options.sync === "each") await this.#disk.sync();
      this.#note(undefined);
    } catch (error) {
      this.#note(error);
    }
  }

  /** Logs the change only: a disk may stay full for days. */
  #note(failure: unknown): void {
    const { log, directory } = this.#options;
    if (failure !== undefined && this.#failure === undefined) {
      log.warn({ directory, err: failure }, "spool cannot be written");
    } else if (failure === undefined && this.#failure !== undefined) {
      log.info({ directory }, "spool can be written again");
    }
    this.#failure = failure;
  }

  /** Their producers still have them: nothing is kept here, though some may be on the disk by now. */
  #refuse(arrivals: readonly Arrival[]): void {
    const lastId = arrivals.at(-1)?.id ?? 0;
    while ((this.#held.first?.id ?? Number.POSITIVE_INFINITY) <= lastId) this.#held.shift();
    const message = `spool ${this.#options.directory}: cannot be written`;
    const error = new PlimsollError("SPOOL", message, { cause: this.#failure });
    for (const { reject } of arrivals) reject(error);
  }

  async #boundHeld(): Promise<void> {
    const { maxBytes, maxHeldBytes } = this.#options;
    const bound = this.#disk === undefined ? maxBytes : maxHeldBytes;
    while (this.#held.bytes > bound) {
      // What is on a full disk is older and goes first; that may make the room.
      if (isFullDisk(this.#failure) && this.#disk !== undefined && this.#disk.length > 0) {
        await this.#disk.dropOldest("disk");
        await this.#unload();
      } else this.#dropped[this.#disk === undefined ? "full" : "disk"] += this.#held.shift()?.samples ?? 0;
    }
  }
}
