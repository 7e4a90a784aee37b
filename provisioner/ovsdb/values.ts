/*
 * "tag": 100                          "tag": ["set",[]]              "trunks": ["set",[100,200]]
 * "interfaces": ["uuid","6f0b…"]      "external_ids": ["map",[["plimsoll-id","c1"]]]
 *
 * RFC 7047 §5.1, notation of values. A set of one may be written as its element, and OVS does so:
 * whether a column is a scalar, optional or a set, one element looks the same.
 */
import { PlimsollError } from "../../core/runtime/errors.ts";

export type Uuid = readonly ["uuid", string];
/** A row inserted by the same transaction, by the name that the insert gave it. */
export type NamedUuid = readonly ["named-uuid", string];
export type Atom = string | number | boolean | Uuid | NamedUuid;
export type OvsdbSet = readonly ["set", readonly Atom[]];
export type OvsdbMap = readonly ["map", readonly (readonly [Atom, Atom])[]];
export type Value = Atom | OvsdbSet | OvsdbMap;
/** A row, or the columns of it that are asked for. What a server sent is only known to be an object. */
export type Row = Readonly<Record<string, unknown>>;

export function isRow(value: unknown): value is Row {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function encodeUuid(uuid: string): Uuid {
  return ["uuid", uuid];
}

export function encodeSet(atoms: readonly Atom[]): OvsdbSet {
  return ["set", atoms];
}

/** An optional column: absence is the empty set. */
export function encodeOptional(value: Atom | undefined): Value {
  return value ?? encodeSet([]);
}

export function encodeMap(entries: Readonly<Record<string, string>>): OvsdbMap {
  return ["map", Object.entries(entries)];
}

export function decodeText(row: Row, column: string): string {
  return only(row, column, decodeTexts(row, column));
}

export function decodeNumber(row: Row, column: string): number {
  return only(row, column, decodeNumbers(row, column));
}

export function decodeOptionalText(row: Row, column: string): string | undefined {
  return atMostOne(row, column, decodeTexts(row, column));
}

export function decodeOptionalNumber(row: Row, column: string): number | undefined {
  return atMostOne(row, column, decodeNumbers(row, column));
}

export function decodeTexts(row: Row, column: string): readonly string[] {
  return decodeSet(row, column, (element) => (typeof element === "string" ? element : undefined));
}

export function decodeNumbers(row: Row, column: string): readonly number[] {
  return decodeSet(row, column, (element) => (typeof element === "number" ? element : undefined));
}

export function decodeUuids(row: Row, column: string): readonly string[] {
  return decodeSet(row, column, parseUuid);
}

/** A map of strings, the only kind of map in the tables that we read. */
export function decodeMap(row: Row, column: string): ReadonlyMap<string, string> {
  const value = row[column];
  if (!Array.isArray(value) || value[0] !== "map" || !Array.isArray(value[1])) throw malformed(row, column);
  const entries = value[1].map((entry: unknown): [string, string] => {
    const [key, text] = Array.isArray(entry) ? entry : [];
    if (typeof key !== "string" || typeof text !== "string") throw malformed(row, column);
    return [key, text];
  });
  return new Map(entries);
}

function decodeSet<T>(row: Row, column: string, parse: (element: unknown) => T | undefined): readonly T[] {
  const value = row[column];
  const isSet = Array.isArray(value) && value[0] === "set" && Array.isArray(value[1]);
  const elements: readonly unknown[] = isSet ? value[1] : [value];
  return elements.map((element) => {
    const parsed = parse(element);
    if (parsed === undefined) throw malformed(row, column);
    return parsed;
  });
}

function parseUuid(element: unknown): string | undefined {
  if (!Array.isArray(element) || element[0] !== "uuid") return undefined;
  return typeof element[1] === "string" ? element[1] : undefined;
}

function only<T>(row: Row, column: string, elements: readonly T[]): T {
  const element = atMostOne(row, column, elements);
  if (element === undefined) throw malformed(row, column);
  return element;
}

function atMostOne<T>(row: Row, column: string, elements: readonly T[]): T | undefined {
  if (elements.length > 1) throw malformed(row, column);
  return elements[0];
}

function malformed(row: Row, column: string): PlimsollError {
  const shown = JSON.stringify(row[column])?.slice(0, 80) ?? "absent";
  return new PlimsollError("OVSDB_VALUE", `ovsdb column ${column}: unexpected value ${shown}`);
}
