import { fstatSync, ftruncateSync, readSync, writeSync } from "node:fs";
import { errnoOf, PlimsollError } from "../../core/runtime/errors.ts";

/**
 * What a server leaves to the one that follows it when it is killed: a map whose values are on record when `put`
 * returns, in two files that a holder keeps open for all of them. A kill at any moment leaves each key with its old value
 * or its new one; what was deleted last may come back.
 *
 * Where there is no room for a change it is owed: kept in memory, and written with a later one. Anybody on the host may fill
 * /dev/shm, and must not take the readers' files from them. Who is killed meanwhile leaves old values, and that they are.
 *
 * Changes are appended to the file of the later edition. When that has grown, what still holds is copied into the other
 * file, whose edition is written last and makes it the later one.
 *
 *   file    edition f64, 0 while it is being written · 1 if changes are owed u8 · … · records from LOG_START on
 *   record  length u32, of the whole · length of the key u16 · 1 if the key is gone u16 · key · value
 */
export interface Notebook {
  /** The last server owed changes when it ended: what it left may be older than what its readers had heard of. */
  readonly isOutdated: boolean;
  get(key: string): Uint8Array | undefined;
  keys(): Iterable<string>;
  /** `value` must not be changed afterwards. */
  put(key: string, value: Uint8Array): void;
  /** Goes on record with the next `put`. */
  delete(key: string): void;
}

/** Descriptors of two files, empty at first. */
export type Books = readonly [number, number];

/** Before the log: the edition, and what in-flight.ts keeps beside it. */
const LOG_START = 32_768;
const EDITION_BYTES = 8;
const HEADER_BYTES = 8;
/** An edition may grow to this and twice what it holds: copying then costs less than writing did. */
const SPARE_BYTES = 4 * 1024 * 1024;

/** Reads what the last server left. Without files it is a map, and nothing is left to anybody. */
export function openNotebook(books?: Books): Notebook {
  return books === undefined ? new MapNotebook() : new BookNotebook(books);
}

class MapNotebook extends Map<string, Uint8Array> implements Notebook {
  readonly isOutdated = false;

  put(key: string, value: Uint8Array): void {
    this.set(key, value);
  }

  override delete(key: string): boolean {
    return super.delete(key);
  }
}

class BookNotebook implements Notebook {
  readonly isOutdated: boolean;
  readonly #values = new Map<string, Uint8Array>();
  #current: number;
  #other: number;
  #edition: number;
  #end = LOG_START;
  #isTrimmed = true;
  /** Bytes of the records that hold. */
  #liveBytes = 0;
  /** Keys whose change is not on record, and whether an older value is. */
  readonly #owed = new Map<string, boolean>();
  /** The file says that there are such. */
  #saysOwed: boolean;
  /** The last write found no room. */
  #isFull = false;
  #spareBytes = SPARE_BYTES;
  /** Records that are written together. */
  #scratch = Buffer.allocUnsafeSlow(64 * 1024);
  #filled = 0;

  constructor([first, second]: Books) {
    const editions = [readEdition(first), readEdition(second)] as const;
    [this.#current, this.#other] = editions[0] >= editions[1] ? [first, second] : [second, first];
    this.#edition = Math.max(...editions);
    if (this.#edition === 0) this.#begin();
    else this.#read();
    this.#saysOwed = readSaysOwed(this.#current);
    this.isOutdated = this.#saysOwed;
  }

  get(key: string): Uint8Array | undefined {
    return this.#values.get(key);
  }

  keys(): Iterable<string> {
    return this.#values.keys();
  }

  put(key: string, value: Uint8Array): void {
    this.#owed.set(key, this.#isOnRecord(key));
    this.#forget(key);
    this.#values.set(key, value);
    this.#liveBytes += HEADER_BYTES + key.length + value.length;
    this.#trim();
    this.#settle();
    if (this.#end > LOG_START + this.#spareBytes + 2 * this.#liveBytes) this.#copy();
  }

  delete(key: string): void {
    if (!this.#values.has(key)) return;
    if (this.#isOnRecord(key)) this.#owed.set(key, true);
    else this.#owed.delete(key);
    this.#forget(key);
  }

  #isOnRecord(key: string): boolean {
    return this.#owed.get(key) ?? this.#values.has(key);
  }

  /** In one write; one by one when there was no room, so that a vain attempt costs little. */
  #settle(): void {
    for (const key of this.#owed.keys()) {
      this.#record(key, this.#values.get(key));
      if (!this.#isFull) continue;
      if (!this.#flush(this.#current)) return;
      this.#owed.delete(key);
    }
    this.#isFull = !this.#flush(this.#current);
    if (!this.#isFull) this.#owed.clear();
    if (this.#saysOwed !== this.#isFull) writeSaysOwed(this.#current, this.#isFull);
    this.#saysOwed = this.#isFull;
  }

  #forget(key: string): void {
    const value = this.#values.get(key);
    if (value === undefined) return;
    this.#liveBytes -= HEADER_BYTES + key.length + value.length;
    this.#values.delete(key);
  }

  #record(key: string, value: Uint8Array | undefined): void {
    const [at, length] = [this.#filled, HEADER_BYTES + key.length + (value?.length ?? 0)];
    this.#reserve(at + length);
    this.#scratch.writeUInt32LE(length, at);
    this.#scratch.writeUInt16LE(key.length, at + 4);
    this.#scratch.writeUInt16LE(value === undefined ? 1 : 0, at + 6);
    this.#scratch.write(key, at + HEADER_BYTES, "latin1");
    if (value !== undefined) this.#scratch.set(value, at + HEADER_BYTES + key.length);
    this.#filled += length;
  }

  #reserve(bytes: number): void {
    if (bytes <= this.#scratch.length) return;
    const larger = Buffer.allocUnsafeSlow(2 * bytes);
    this.#scratch.copy(larger, 0, 0, this.#filled);
    this.#scratch = larger;
  }

  /** What a torn record left would follow the next one. Not before we write: the predecessor may be at it still. */
  #trim(): void {
    if (!this.#isTrimmed) this.#cut(this.#current);
    this.#isTrimmed = true;
  }

  /** One write: a kill in its midst leaves a record shorter than it says, which ends the log. False: there is no room. */
  #flush(file: number): boolean {
    const length = this.#filled;
    this.#filled = 0;
    if (writeWhole(file, this.#scratch, length, this.#end)) {
      this.#end += length;
      return true;
    }
    this.#cut(file); // later records would follow the piece that went in
    return false;
  }

  /** Ends the log after the last whole record; its first page keeps its place. */
  #cut(file: number): void {
    ftruncateSync(file, Math.max(this.#end, LOG_START + 1));
  }

  #copy(): void {
    const end = this.#end;
    if (this.#copyInto(this.#other)) {
      [this.#current, this.#other] = [this.#other, this.#current];
      this.#publish();
      this.#owed.clear();
      this.#saysOwed = false;
    } else {
      this.#end = end;
      this.#spareBytes *= 2;
    }
    ftruncateSync(this.#other, LOG_START);
  }

  #copyInto(file: number): boolean {
    if (!writeEdition(file, 0)) return false;
    ftruncateSync(file, LOG_START);
    this.#end = LOG_START;
    for (const [key, value] of this.#values) {
      this.#record(key, value);
      if (!this.#flush(file)) return false;
    }
    return true;
  }

  /** What no server can do without has its place from the first on: what is before the log, and the log's first page. */
  #begin(): void {
    if (!writeWhole(this.#current, Buffer.alloc(LOG_START + 1), LOG_START + 1, 0)) noRoom();
    this.#publish();
  }

  #publish(): void {
    this.#edition += 1;
    if (!writeEdition(this.#current, this.#edition)) noRoom();
  }

  #read(): void {
    const log = readFrom(this.#current, LOG_START);
    let at = 0;
    while (at + HEADER_BYTES <= log.length) {
      const length = log.readUInt32LE(at);
      if (length < HEADER_BYTES || at + length > log.length) break;
      const keyEnd = at + HEADER_BYTES + log.readUInt16LE(at + 4);
      const key = log.toString("latin1", at + HEADER_BYTES, keyEnd);
      this.#forget(key);
      if (log.readUInt16LE(at + 6) === 0) {
        // A copy: a slice would keep the whole log in memory.
        this.#values.set(key, Uint8Array.prototype.slice.call(log, keyEnd, at + length));
        this.#liveBytes += length;
      }
      at += length;
    }
    this.#end = LOG_START + at;
    this.#isTrimmed = false;
  }
}

function noRoom(): never {
  throw new PlimsollError("NOTEBOOK", "no room in memory for what a server leaves to the next", {
    hint: "see what fills /dev/shm",
  });
}

function readEdition(file: number): number {
  const buffer = Buffer.alloc(EDITION_BYTES);
  return readSync(file, buffer, 0, EDITION_BYTES, 0) === EDITION_BYTES ? buffer.readDoubleLE(0) : 0;
}

/** Once written, it has its place whatever becomes of the rest. Nothing is owed in it yet. False: there is no room. */
function writeEdition(file: number, edition: number): boolean {
  const buffer = Buffer.alloc(EDITION_BYTES + 1);
  buffer.writeDoubleLE(edition, 0);
  return writeWhole(file, buffer, buffer.length, 0);
}

function readSaysOwed(file: number): boolean {
  const buffer = Buffer.alloc(1);
  readSync(file, buffer, 0, 1, EDITION_BYTES);
  return buffer[0] === 1;
}

function writeSaysOwed(file: number, saysOwed: boolean): void {
  writeSync(file, Buffer.of(saysOwed ? 1 : 0), 0, 1, EDITION_BYTES);
}

/** False where the file system is full; a part may have gone in. */
function writeWhole(file: number, buffer: Buffer, length: number, position: number): boolean {
  try {
    return writeSync(file, buffer, 0, length, position) === length;
  } catch (error) {
    if (errnoOf(error) === "ENOSPC") return false;
    throw error;
  }
}

function readFrom(file: number, start: number): Buffer {
  const buffer = Buffer.alloc(Math.max(0, fstatSync(file).size - start));
  let length = 0;
  while (length < buffer.length) {
    const count = readSync(file, buffer, length, buffer.length - length, start + length);
    if (count === 0) break;
    length += count;
  }
  return buffer.subarray(0, length);
}
