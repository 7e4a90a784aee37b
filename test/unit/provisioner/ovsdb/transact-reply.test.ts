import { expect, test } from "vitest";
import type { Operation } from "../../../../provisioner/ovsdb/operations.ts";
import { parseTransactReply, TransactionError } from "../../../../provisioner/ovsdb/transact-reply.ts";

const insert: Operation = { op: "insert", table: "Port", row: { name: "c1" } };
const comment: Operation = { op: "comment", comment: "why" };

const refusal = (operations: readonly Operation[], reply: unknown): TransactionError => {
  try {
    parseTransactReply(operations, reply);
  } catch (error) {
    if (error instanceof TransactionError) return error;
    throw error;
  }
  throw new Error("not refused");
};

test("each operation has its own kind of result", () => {
  const select: Operation = { op: "select", table: "Port", where: [] };
  const reply = [{ uuid: ["uuid", "a"] }, {}, { rows: [{ name: "c1" }] }, { count: 2 }];

  expect(
    parseTransactReply([insert, comment, select, { op: "delete", table: "Port", where: [] }], reply),
  ).toEqual([{ uuid: "a" }, {}, { rows: [{ name: "c1" }] }, { count: 2 }]);
});

test("an operation that failed is named; those after it are null", () => {
  const error = refusal(
    [comment, insert, comment],
    [{}, { error: "domain error", details: "no such table" }, null],
  );

  expect(error).toMatchObject({ code: "OVSDB_TRANSACTION", reason: "domain error", operation: 1 });
  expect(error.message).toBe("ovsdb refused the transaction: insert Port: domain error: no such table");
});

test("one entry more than operations is a commit that failed", () => {
  const error = refusal(
    [insert],
    [{ uuid: ["uuid", "a"] }, { error: "constraint violation", details: "twice c1" }],
  );

  expect(error).toMatchObject({ reason: "constraint violation", operation: undefined });
  expect(error.message).toBe("ovsdb refused the transaction: commit: constraint violation: twice c1");
});

test("an error without details", () => {
  expect(refusal([{ op: "assert", lock: "l" }], [{ error: "not owner" }]).message).toBe(
    "ovsdb refused the transaction: assert: not owner",
  );
});

test("a reply of another shape is no transaction reply", () => {
  expect(() => parseTransactReply([insert], null)).toThrow("malformed transaction reply: not an array");
  expect(() => parseTransactReply([insert], [])).toThrow("0 results for 1 operations");
  expect(() => parseTransactReply([insert], [null])).toThrow("a result is not an object");
});
