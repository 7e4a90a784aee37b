import type { SpoolFiles } from "./spool-files.ts";
import {
  type CorruptPiece,
  encodeRecord,
  isIntact,
  type Parsed,
  type Piece,
  parseRecords,
  type SpoolEntry,
  STATE_OFFSET,
} from "./spool-record.ts";

/** How much is read at once to find what is acknowledged. */
const WINDOW_BYTES = 65_536;

/** How many places are remembered, more or less. */
const MOST_SEEN = 5_000;

const ACKNOWLEDGED = Uint8Array.of(1);

/** Where a piece is, without its bytes. */
interface Place {
  readonly start: number;
  readonly end: number;
  readonly samples: number;
  /** Undefined for bytes that are no record. */
  readonly id: number | undefined;
}

/** One file of a spool: records in the order of their ids, the acknowledged ones first. */
export class Segment {
  readonly path: string;
  readonly firstId: number;
  readonly #files: SpoolFiles;
  #fd: number | undefined;
  #size = 0;
  /** Everything before it is acknowledged, or set aside. */
  #head = 0;
  #lastId: number;
  #newestMs = Number.NEGATIVE_INFINITY;
  #records = 0;
  #samples = 0;
  #isCorrupt = false;
  /** What was read last: it is what is going to be acknowledged, and need not be read again for that. */
  #seen: readonly Place[] = [];
  /** Where bytes start that have been reported. */
  readonly #reported = new Set<number>();

  constructor(files: SpoolFiles, path: string, firstId: number) {
    this.#files = files;
    this.path = path;
    this.firstId = firstId;
    this.#lastId = firstId - 1;
  }

  get size(): number {
    return this.#size;
  }

  get waitingBytes(): number {
    return this.#size - this.#head;
  }

  get waitingRecords(): number {
    return this.#records;
  }

  get waitingSamples(): number {
    return this.#samples;
  }

  get lastId(): number {
    return this.#lastId;
  }

  get newestMs(): number {
    return this.#newestMs;
  }

  /** Nothing may be written behind bytes that cannot be read. */
  get isCorrupt(): boolean {
    return this.#isCorrupt;
  }

  /** Where what waits begins. */
  get head(): number {
    return this.#head;
  }

  /** Something in it has been acknowledged. */
  get isTouched(): boolean {
    return this.#head > 0;
  }

  /** Makes the file, which must not be there. */
  async create(): Promise<void> {
    this.#fd = await this.#files.open(this.path, "wx+");
  }

  /** Learns what is in an existing file; what a killed writer has left of a record is cut off. */
  async load(size: number): Promise<void> {
    const fd = await this.#opened();
    const bytes = Buffer.allocUnsafe(size);
    const { pieces, torn } = parseRecords(bytes.subarray(0, await this.#files.read(fd, bytes, 0)));
    this.#size = torn?.start ?? pieces.at(-1)?.end ?? 0;
    for (const piece of pieces) this.#learn(piece);
    if (torn !== undefined) await this.#files.truncate(fd, torn.start);
  }

  #learn(piece: Piece): void {
    if (piece.kind === "corrupt") {
      this.#isCorrupt = true;
      this.#lastId = Math.max(this.#lastId, this.firstId); // Its id is taken, readable or not.
      return;
    }
    this.#lastId = piece.id;
    if (piece.isAcknowledged) {
      this.#head = piece.end;
      this.#records = 0;
      this.#samples = 0;
    } else this.#count(piece.samples, 1);
    this.#newestMs = Math.max(this.#newestMs, piece.timeMs);
  }

  /** Throws when the disk does not take it; nothing of it is there then. */
  async append(entry: SpoolEntry): Promise<void> {
    const bytes = encodeRecord(entry);
    const fd = await this.#opened();
    try {
      await this.#files.write(fd, bytes, this.#size);
    } catch (error) {
      await this.#files.truncate(fd, this.#size).catch(() => {}); // The next write begins there anyway.
      throw error;
    }
    this.#size += bytes.length;
    this.#lastId = entry.id;
    this.#newestMs = Math.max(this.#newestMs, entry.timeMs);
    this.#count(entry.samples, 1);
  }

  /** About `maxBytes` from `from` on, one whole piece at least, and where to go on. Corrupt pieces come once only. */
  async read(from: number, maxBytes: number): Promise<{ pieces: readonly Piece[]; end: number }> {
    const { pieces } = await this.#parse(from, maxBytes);
    const end = pieces.at(-1)?.end ?? this.#size;
    const places = pieces.map(placeOf);
    const goesOn = from === this.#seen.at(-1)?.end && this.#seen.length < MOST_SEEN;
    this.#seen = goesOn ? [...this.#seen, ...places] : places;
    return { pieces: pieces.map(checked).filter((piece) => this.#isNews(piece)), end };
  }

  #isNews(piece: Piece): boolean {
    if (piece.kind === "record") return true;
    if (this.#reported.has(piece.start)) return false;
    this.#reported.add(piece.start);
    this.#isCorrupt = true;
    return true;
  }

  /** What is corrupt waits no longer, as far as it was known to. */
  forget({ samples }: CorruptPiece): void {
    if (samples > 0) this.#count(samples, -1);
  }

  /** The bytes of a piece, for those who want to look at them. */
  async bytesOf({ start, end }: Piece): Promise<Buffer> {
    const bytes = Buffer.allocUnsafe(end - start);
    return bytes.subarray(0, await this.#files.read(await this.#opened(), bytes, start));
  }

  /** Everything up to and including `id`; in memory first, so that a failing disk brings no second delivery. */
  async acknowledge(id: number): Promise<void> {
    let last: Place | undefined;
    while (this.#head < this.#size) {
      const places = await this.#ahead();
      const younger = places.findIndex((place) => place.id !== undefined && place.id > id);
      const passed = younger === -1 ? places : places.slice(0, younger);
      for (const place of passed) {
        this.#head = place.end;
        if (place.id === undefined) continue;
        last = place;
        if (!this.#reported.has(place.start)) this.#count(place.samples, -1);
      }
      if (younger !== -1 || places.length === 0) break;
    }
    if (last === undefined) return;
    await this.#files.write(await this.#opened(), ACKNOWLEDGED, last.start + STATE_OFFSET);
  }

  /** Some of what waits, from the first of it on. */
  async #ahead(): Promise<readonly Place[]> {
    const known = this.#seen.findIndex(({ start }) => start === this.#head);
    if (known !== -1) return this.#seen.slice(known);
    const { pieces } = await this.#parse(this.#head, WINDOW_BYTES);
    return pieces.map(placeOf);
  }

  async sync(): Promise<void> {
    if (this.#fd !== undefined) await this.#files.sync(this.#fd);
  }

  async close(): Promise<void> {
    const fd = this.#fd;
    this.#fd = undefined;
    if (fd !== undefined) await this.#files.close(fd);
  }

  /** A window that ends within its first record is read again as large as that record is. */
  async #parse(from: number, maxBytes: number): Promise<Parsed> {
    const parsed = await this.#parseWindow(from, maxBytes);
    if (parsed.pieces.length > 0 || parsed.torn === undefined) return parsed;
    const whole = await this.#parseWindow(from, parsed.torn.wanted);
    if (whole.pieces.length > 0 || whole.torn === undefined) return whole;
    return this.#parseWindow(from, whole.torn.wanted);
  }

  async #parseWindow(from: number, maxBytes: number): Promise<Parsed> {
    const bytes = Buffer.allocUnsafe(Math.min(maxBytes, this.#size - from));
    const length = await this.#files.read(await this.#opened(), bytes, from);
    return parseRecords(bytes.subarray(0, length), from);
  }

  #count(samples: number, times: 1 | -1): void {
    this.#records += times;
    this.#samples += times * samples;
  }

  async #opened(): Promise<number> {
    this.#fd ??= await this.#files.open(this.path, "r+");
    return this.#fd;
  }
}

function placeOf(piece: Piece): Place {
  const { start, end, samples } = piece;
  return { start, end, samples, id: piece.kind === "record" ? piece.id : undefined };
}

function checked(piece: Piece): Piece {
  if (piece.kind === "corrupt" || isIntact(piece)) return piece;
  const { start, end, samples } = piece;
  return { kind: "corrupt", start, end, samples };
}
