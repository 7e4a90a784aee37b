/*
 * [{"uuid":["uuid","6f0b…"]},{"count":1},{"rows":[{"next_cfg":7}]}]
 * [{},{"error":"timed out","details":"\"where\" clause …"},null]                       the second operation failed
 * [{"uuid":["uuid","6f0b…"]},{"error":"constraint violation","details":"…"}]           of one operation: the commit failed
 *
 * RFC 7047 §4.1.3: one entry per operation; after one that failed only nulls; one entry more when
 * every operation succeeded and the whole did not.
 */
import { PlimsollError } from "../../core/runtime/errors.ts";
import type { Operation, OperationResult } from "./operations.ts";
import { isRow } from "./values.ts";

/** A transaction that the server refused: nothing of it happened. */
export class TransactionError extends PlimsollError {
  /** The server's own word: `constraint violation`, `timed out`, `not owner` … (RFC 7047 §4.1.3, §5.2). */
  readonly reason: string;
  /** The operation that failed, counted from 0; undefined when the commit did. */
  readonly operation: number | undefined;

  constructor(reason: string, message: string, operation: number | undefined) {
    super("OVSDB_TRANSACTION", message);
    this.name = "TransactionError";
    this.reason = reason;
    this.operation = operation;
  }
}

/** The result of each operation. Throws TransactionError when the server refused the transaction. */
export function parseTransactReply(operations: readonly Operation[], reply: unknown): OperationResult[] {
  if (!Array.isArray(reply)) throw malformed("not an array");
  const entries: readonly unknown[] = reply;
  const failed = entries.findIndex((entry) => isRow(entry) && entry.error !== undefined);
  if (failed !== -1) throw transactionError(operations, entries[failed], failed);
  if (entries.length !== operations.length) {
    throw malformed(`${entries.length} results for ${operations.length} operations`);
  }
  return entries.map(parseResult);
}

function transactionError(operations: readonly Operation[], entry: unknown, index: number): TransactionError {
  const { error, details } = entry as { readonly error: unknown; readonly details?: unknown };
  const operation = operations[index];
  const what = operation === undefined ? "commit" : describe(operation);
  const why = typeof details === "string" ? `${error}: ${details}` : String(error);
  return new TransactionError(
    String(error),
    `ovsdb refused the transaction: ${what}: ${why}`,
    operation === undefined ? undefined : index,
  );
}

function describe(operation: Operation): string {
  if ("table" in operation) return `${operation.op} ${operation.table}`;
  return operation.op;
}

function parseResult(entry: unknown): OperationResult {
  if (!isRow(entry)) throw malformed("a result is not an object");
  const { uuid, count, rows } = entry;
  return {
    ...(Array.isArray(uuid) && typeof uuid[1] === "string" ? { uuid: uuid[1] } : {}),
    ...(typeof count === "number" ? { count } : {}),
    ...(Array.isArray(rows) ? { rows: rows.filter(isRow) } : {}),
  };
}

function malformed(detail: string): PlimsollError {
  return new PlimsollError("OVSDB_PROTOCOL", `ovsdb sent a malformed transaction reply: ${detail}`);
}
