import type { Labels } from "../../core/metrics/series.ts";
import { parseKey } from "../shapes.ts";
import type { Database } from "../store/database.ts";

export interface StoredSeries {
  readonly id: number;
  readonly name: string;
  readonly labels: Labels;
}

/** Numbers for the series of each history: what blocks name them by. */
export class SeriesIds {
  readonly #load: (history: number) => Map<string, number>;
  readonly #insert: (id: number, history: number, key: string) => void;
  /** By history, then by the shape's key: the keys are shared with the shapes. */
  readonly #ids = new Map<number, Map<string, number>>();
  #lastId: number;

  constructor(database: Database) {
    const select = database.prepare("SELECT id, document FROM series WHERE history = ?");
    const insert = database.prepare("INSERT INTO series (id, history, document) VALUES (?, ?, ?)");
    const [last] = database.prepare("SELECT max(id) AS id FROM series").all();
    this.#lastId = Number(last?.id ?? 0);
    this.#load = (history) =>
      new Map(select.all(history).map(({ id, document }) => [String(document), Number(id)]));
    this.#insert = (id, history, key) => insert.run(id, history, key);
  }

  /** The number of a series, and whether it has just been made: then it is to be written, or forgotten. */
  assign(history: number, key: string): { readonly id: number; readonly isNew: boolean } {
    const ids = this.#of(history);
    const known = ids.get(key);
    if (known !== undefined) return { id: known, isNew: false };
    ids.set(key, ++this.#lastId);
    return { id: this.#lastId, isNew: true };
  }

  write(history: number, key: string): void {
    const id = this.#of(history).get(key);
    if (id !== undefined) this.#insert(id, history, key);
  }

  forget(history: number, key: string): void {
    this.#ids.get(history)?.delete(key);
  }

  list(history: number): readonly StoredSeries[] {
    return [...this.#of(history)].map(([key, id]) => ({ id, ...parseKey(key) }));
  }

  #of(history: number): Map<string, number> {
    const known = this.#ids.get(history);
    if (known !== undefined) return known;
    const loaded = this.#load(history);
    this.#ids.set(history, loaded);
    return loaded;
  }
}
