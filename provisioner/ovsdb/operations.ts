import type { Atom, Row, Value } from "./values.ts";

/** RFC 7047 §5.1: column, function, value. */
export type Condition = readonly [
  column: string,
  test: "==" | "!=" | "<" | "<=" | ">" | ">=" | "includes" | "excludes",
  value: Value,
];

/** RFC 7047 §5.1: column, mutator, value. `insert` and `delete` are for sets and maps. */
export type Mutation = readonly [
  column: string,
  mutator: "+=" | "-=" | "*=" | "/=" | "%=" | "insert" | "delete",
  value: Value,
];

/** What is written to a row. */
export type NewRow = Readonly<Record<string, Value>>;

/** The operations of a transaction, RFC 7047 §5.2: they all happen, or none does. */
export type Operation =
  | { readonly op: "insert"; readonly table: string; readonly row: NewRow; readonly "uuid-name"?: string }
  | {
      readonly op: "select";
      readonly table: string;
      readonly where: readonly Condition[];
      readonly columns?: readonly string[];
    }
  | {
      readonly op: "update";
      readonly table: string;
      readonly where: readonly Condition[];
      readonly row: NewRow;
    }
  | {
      readonly op: "mutate";
      readonly table: string;
      readonly where: readonly Condition[];
      readonly mutations: readonly Mutation[];
    }
  | { readonly op: "delete"; readonly table: string; readonly where: readonly Condition[] }
  | {
      readonly op: "wait";
      readonly table: string;
      readonly where: readonly Condition[];
      readonly columns: readonly string[];
      readonly until: "==" | "!=";
      readonly rows: readonly NewRow[];
      /** Milliseconds; 0 fails at once. */
      readonly timeout: number;
    }
  | { readonly op: "comment"; readonly comment: string }
  | { readonly op: "assert"; readonly lock: string };

/** What one operation gave; the fields that its kind has. */
export interface OperationResult {
  /** Of insert. */
  readonly uuid?: string;
  /** Of update, mutate and delete: how many rows matched. */
  readonly count?: number;
  /** Of select. */
  readonly rows?: readonly Row[];
}

/** Fails the transaction unless no row of `table` is called `name`. */
export function requireAbsent(table: string, name: Atom): Operation {
  return {
    op: "wait",
    table,
    where: [["name", "==", name]],
    columns: ["name"],
    until: "==",
    rows: [],
    timeout: 0,
  };
}
