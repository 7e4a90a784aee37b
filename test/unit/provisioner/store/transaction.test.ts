import { expect, test } from "vitest";
import { checkTransaction, MAX_OPERATIONS } from "../../../../provisioner/store/transaction.ts";

const keys = (count: number): string[] => Array.from({ length: count }, (_, i) => `k${i}`);

test("what fits is accepted", () => {
  checkTransaction({ expect: [] });
  checkTransaction({
    expect: keys(MAX_OPERATIONS).map((key) => ({ key, revision: 1 })),
    remove: keys(MAX_OPERATIONS),
  });
});

test.for([
  { expect: keys(MAX_OPERATIONS + 1).map((key) => ({ key, revision: 0 })) },
  { expect: [], remove: keys(MAX_OPERATIONS), put: [{ key: "one more", value: 1 }] },
  { expect: [], remove: ["a", "a"] },
  { expect: [], remove: ["a"], put: [{ key: "a", value: 1 }] },
])("what etcd would refuse is a bug of the caller", (transaction) => {
  expect(() => checkTransaction(transaction)).toThrow("BUG");
});
