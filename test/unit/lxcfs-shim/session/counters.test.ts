import { expect, test } from "vitest";
import { Counters } from "../../../../lxcfs-shim/session/counters.ts";

test("counts by kind, with the errors among them", () => {
  const counters = new Counters();
  counters.add("read", false);
  counters.add("read", true);
  counters.add("statfs", false);

  expect(counters.read()).toEqual({ read: { count: 2, errors: 1 }, statfs: { count: 1, errors: 0 } });
});

test("another thread sees them through the same memory", () => {
  const counters = new Counters();
  counters.add("lookup", true);

  expect(new Counters(counters.memory).read()).toEqual({ lookup: { count: 1, errors: 1 } });
});
