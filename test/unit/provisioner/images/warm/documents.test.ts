import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import {
  decodeOrder,
  decodeReport,
  findReport,
  listOrders,
  listReports,
  removeOrder,
  type WarmOrder,
  type WarmReport,
  writeOrder,
  writeReport,
} from "../../../../../provisioner/images/warm/documents.ts";
import { openStore } from "../../../../../provisioner/store/open.ts";
import { Cleanup } from "../../../../support/cleanup.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

const ORDER: WarmOrder = {
  ...{ host: "h1", rule: "base", round: "3f2a", registry: "https://registry.example", orderedMs: 7 },
  images: [{ image: "app:v1", from: "registry.example:5000/team/app", digest: `sha256:${"a".repeat(64)}` }],
};
const REPORT: WarmReport = {
  ...{ host: "h1", rule: "base", round: "3f2a", wanted: 2, pulled: 1, missing: ["app:v1"], failed: [] },
  ...{ startedMs: 7, endedMs: undefined, currentMs: 0 },
};

test("what was written is read, of one host or of all", async () => {
  const store = await openStore(join(cleanup.temporaryFolder(), "state.db"));
  cleanup.add("store", () => store.close());
  const ended = { ...REPORT, host: "h2", endedMs: 9 };
  for (const host of ["h1", "h2"]) await writeOrder(store, { ...ORDER, host });
  for (const report of [REPORT, ended]) await writeReport(store, report);

  expect((await listOrders(store, "h1")).orders).toEqual([ORDER]);
  expect((await listOrders(store)).orders).toHaveLength(2);
  expect(await findReport(store, "h1", "base")).toEqual(REPORT);
  expect(await findReport(store, "h1", "other")).toBeUndefined();
  expect(await listReports(store)).toEqual([REPORT, ended]);
});

test("an order goes with what was said of it, unless it has been renewed", async () => {
  const store = await openStore(join(cleanup.temporaryFolder(), "state.db"));
  cleanup.add("store", () => store.close());
  await removeOrder(store, ORDER); // there is none
  for (const host of ["h1", "h2"]) await writeOrder(store, { ...ORDER, host });
  await writeReport(store, REPORT);
  await removeOrder(store, { ...ORDER, round: "older" });
  expect((await listOrders(store)).orders).toHaveLength(2);
  await removeOrder(store, ORDER);
  expect((await listOrders(store)).orders).toEqual([{ ...ORDER, host: "h2" }]);
  expect(await listReports(store)).toEqual([]);
  await removeOrder(store, { ...ORDER, host: "h2" }); // of which nothing was said
  expect((await listOrders(store)).orders).toEqual([]);
});

test("what is damaged is named", () => {
  const store = { name: "state.db" };
  const order = { key: "image-warm/orders/h1/base", value: { round: 1 }, revision: 1 };
  const report = { key: "image-warm/reports/h1/base", value: { round: "a", wanted: -1 }, revision: 1 };

  expect(() => decodeOrder(store, order)).toThrow(
    "state.db: image-warm/orders/h1/base: round: 1 is not a text",
  );
  expect(() => decodeReport(store, report)).toThrow("wanted: -1 is not a whole number");
});
