import { bug } from "../../core/runtime/errors.ts";
import type { Transaction } from "./types.ts";

/**
 * The most expectations, and the most changes, of one transaction: etcd's default (--max-txn-ops).
 * The embedded store keeps to it as well, so that what works on one host works on many.
 */
export const MAX_OPERATIONS = 128;

/** Every caller's duty, checked alike by every store: etcd would refuse it, SQLite would not. */
export function checkTransaction({ expect, put = [], remove = [] }: Transaction): void {
  const changed = [...put.map(({ key }) => key), ...remove];
  if (Math.max(expect.length, changed.length) > MAX_OPERATIONS)
    bug(`transaction of ${expect.length} expectations and ${changed.length} changes`);
  if (new Set(changed).size !== changed.length) bug(`transaction changes a key twice: ${changed.join(", ")}`);
}
