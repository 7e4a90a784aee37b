/*
 * {"Port":{"6f0b…":{"new":{"name":"c1","tag":100}},                                  inserted, or part of the first dump
 *          "7a31…":{"old":{"tag":100},"new":{"name":"c2","tag":200}},                changed: `new` is the whole row
 *          "9c55…":{"old":{"name":"c3","tag":300}}}}                                 deleted
 *
 * RFC 7047 §4.1.6, table-updates.
 */
import { PlimsollError } from "../../core/runtime/errors.ts";
import { isRow, type Row } from "./values.ts";

/** The tables that are monitored, and their columns. */
export type MonitoredTables = Readonly<Record<string, readonly string[]>>;

/** What readers see: the rows of each monitored table by UUID, as of the last update. */
export interface Tables {
  rows(table: string): ReadonlyMap<string, Row>;
}

/** A copy of the monitored tables that updates keep current. */
export class TableReplica implements Tables {
  #tables = new Map<string, Map<string, Row>>();
  readonly #names: readonly string[];

  constructor(tables: MonitoredTables) {
    this.#names = Object.keys(tables);
    this.replace({});
  }

  rows(table: string): ReadonlyMap<string, Row> {
    const rows = this.#tables.get(table);
    if (rows === undefined) throw new Error(`BUG: the table ${table} is not monitored`);
    return rows;
  }

  /** The first dump of a new connection: whatever it does not have is gone. */
  replace(updates: unknown): void {
    this.#tables = new Map(this.#names.map((name) => [name, new Map()]));
    this.apply(updates);
  }

  apply(updates: unknown): void {
    for (const [name, rows] of entriesOf(updates, "table updates")) {
      const table = this.#tables.get(name);
      if (table === undefined) throw malformed(`of the table ${name}, which is not monitored`);
      for (const [uuid, update] of entriesOf(rows, name)) {
        const row = parseNewRow(update);
        if (row === undefined) table.delete(uuid);
        else table.set(uuid, row);
      }
    }
  }
}

/** The row after the update, undefined when it was deleted. */
function parseNewRow(update: unknown): Row | undefined {
  const row = isRow(update) ? update.new : null;
  if (row === undefined) return undefined;
  if (!isRow(row)) throw malformed("a row that is not an object");
  return row;
}

function entriesOf(value: unknown, what: string): readonly (readonly [string, unknown])[] {
  if (!isRow(value)) throw malformed(`${what} that is not an object`);
  return Object.entries(value);
}

function malformed(detail: string): PlimsollError {
  return new PlimsollError("OVSDB_PROTOCOL", `ovsdb sent a malformed update: ${detail}`);
}
