/*
 * One table of an SQLite file, read by hand ("Database File Format"): the file is a stranger's, and only bytes of it are wanted, so
 * that no library opens it and no view or trigger of it is run.
 */
import { PlimsollError } from "../../core/runtime/errors.ts";

const MAGIC = "SQLite format 3\0";
const HEADER_BYTES = 100;
const [INTERIOR, LEAF] = [0x05, 0x0d];
/** Bytes of integers by their serial type. */
const INTEGERS = [0, 1, 2, 3, 4, 6, 8, 8, 0, 0];

type Value = Buffer | number | undefined;

function readValue(type: number, bytes: Buffer): Value {
  if (type >= 12) return bytes;
  if (type >= 1 && type <= 5) return bytes.readIntBE(0, bytes.length);
  return type === 8 || type === 9 ? type - 8 : undefined;
}

/** Of each row the blobs and texts as bytes, small integers as numbers; nothing of other kinds. */
export function readSqliteTable(what: string, bytes: Buffer, table: string): Generator<readonly Value[]> {
  return new SqliteFile(what, bytes).rows(table);
}

class SqliteFile {
  readonly #what: string;
  readonly #bytes: Buffer;
  readonly #pageBytes: number;
  readonly #usableBytes: number;
  #passedBytes = 0;

  constructor(what: string, bytes: Buffer) {
    this.#what = what;
    this.#bytes = bytes;
    if (bytes.length < HEADER_BYTES || bytes.toString("latin1", 0, MAGIC.length) !== MAGIC)
      throw this.#damaged("no beginning");
    const written = bytes.readUInt16BE(16);
    this.#pageBytes = written === 1 ? 65_536 : written;
    this.#usableBytes = this.#pageBytes - bytes.readUInt8(20);
    if (this.#pageBytes < 512 || this.#usableBytes < 480)
      throw this.#damaged(`pages of ${this.#pageBytes} bytes`);
  }

  *rows(table: string): Generator<readonly Value[]> {
    for (const [type, name, , root] of this.#walk(1)) {
      const isIt = String(type) === "table" && String(name) === table;
      if (isIt && typeof root === "number") return yield* this.#walk(root);
    }
    throw this.#damaged(`no table ${table}`);
  }

  /** The rows of a tree of pages, from left to right. */
  *#walk(root: number): Generator<readonly Value[]> {
    const pages = [root];
    const seen = new Set<number>();
    for (let number = pages.pop(); number !== undefined; number = pages.pop()) {
      if (seen.has(number)) throw this.#damaged(`page ${number} leads to itself`);
      seen.add(number);
      const page = this.#page(number);
      const head = number === 1 ? HEADER_BYTES : 0;
      if (page.readUInt8(head) === LEAF)
        for (const at of this.#cells(page, head, 8)) yield this.#record(this.#payload(page, at));
      else pages.push(...this.#children(page, head).reverse());
    }
  }

  #children(page: Buffer, head: number): number[] {
    if (page.readUInt8(head) !== INTERIOR) throw this.#damaged("a page of no table");
    return [...this.#cells(page, head, 12).map((at) => page.readUInt32BE(at)), page.readUInt32BE(head + 8)];
  }

  /** Where they begin in a page, whose own head is so long. */
  #cells(page: Buffer, head: number, headBytes: number): readonly number[] {
    const cells = Array.from({ length: page.readUInt16BE(head + 3) }, (_, at) => {
      const place = head + headBytes + 2 * at;
      return place + 2 <= page.length ? page.readUInt16BE(place) : page.length;
    });
    if (cells.some((at) => at + 4 > page.length)) throw this.#damaged("a cell outside of its page");
    return cells;
  }

  /** What does not fit goes on in a chain of pages. */
  #payload(page: Buffer, at: number): Buffer {
    const [length, afterLength] = this.#varint(page, at);
    const [, begin] = this.#varint(page, afterLength);
    this.#passedBytes += length;
    if (this.#passedBytes > this.#bytes.length) throw this.#damaged("rows that lie over each other");
    const [most, least] = [this.#usableBytes - 35, Math.floor(((this.#usableBytes - 12) * 32) / 255) - 23];
    if (length <= most) return page.subarray(begin, begin + length);
    const fitting = least + ((length - least) % (this.#usableBytes - 4));
    const local = fitting <= most ? fitting : least;
    const parts = [page.subarray(begin, begin + local)];
    if (begin + local + 4 > page.length) throw this.#damaged("a row outside of its page");
    let next = page.readUInt32BE(begin + local);
    for (let missing = length - local; missing > 0; ) {
      const more = this.#page(next);
      const part = more.subarray(4, 4 + Math.min(missing, this.#usableBytes - 4));
      parts.push(part);
      missing -= part.length;
      next = more.readUInt32BE();
    }
    return Buffer.concat(parts);
  }

  #record(payload: Buffer): readonly Value[] {
    const [headBytes, first] = this.#varint(payload, 0);
    const values: Value[] = [];
    let body = headBytes;
    for (let at = first; at < headBytes; ) {
      const [type, next] = this.#varint(payload, at);
      at = next;
      const length = type >= 12 ? Math.floor((type - 12) / 2) : (INTEGERS[type] ?? 0);
      if (body + length > payload.length) throw this.#damaged("a row shorter than it says");
      values.push(readValue(type, payload.subarray(body, body + length)));
      body += length;
    }
    return values;
  }

  #page(number: number): Buffer {
    const from = (number - 1) * this.#pageBytes;
    if (number < 1 || from + this.#pageBytes > this.#bytes.length) throw this.#damaged(`no page ${number}`);
    return this.#bytes.subarray(from, from + this.#pageBytes);
  }

  /** Seven bits a byte, and eight of the ninth. Returns also where it ends. */
  #varint(bytes: Buffer, from: number): readonly [value: number, end: number] {
    let value = 0;
    for (let at = from; at < from + 9 && at < bytes.length; at++) {
      const byte = bytes.readUInt8(at);
      if (at === from + 8) return [value * 256 + byte, at + 1];
      value = value * 128 + (byte & 127);
      if (byte < 128) return [value, at + 1];
    }
    throw this.#damaged("a number that does not end");
  }

  #damaged(why: string): PlimsollError {
    return new PlimsollError("IMAGE", `${this.#what}: not an SQLite file: ${why}`);
  }
}
