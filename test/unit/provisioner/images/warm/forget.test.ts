import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import {
  findReport,
  listOrders,
  writeOrder,
  writeReport,
} from "../../../../../provisioner/images/warm/documents.ts";
import { forgetOrders } from "../../../../../provisioner/images/warm/forget.ts";
import { openStore } from "../../../../../provisioner/store/open.ts";
import { Cleanup } from "../../../../support/cleanup.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());
const DAY_MS = 86_400_000;
const NOW_MS = 1000 * DAY_MS;

test("orders that nobody will ever take go, with what was said of them; all others stay", async () => {
  const store = await openStore(join(cleanup.temporaryFolder(), "state.db"));
  cleanup.add("store", () => store.close());
  const order = async (host: string, rule: string, days: number): Promise<void> => {
    const about = { host, rule, round: `${days}` };
    await writeOrder(store, { ...about, registry: "r", orderedMs: NOW_MS - days * DAY_MS, images: [] });
    const counts = { wanted: 0, pulled: 0, missing: [], failed: [] };
    await writeReport(store, { ...about, ...counts, startedMs: 1, endedMs: 1, currentMs: 1 });
  };
  await order("here", "base", 0);
  await order("away", "base", 29);
  await order("gone", "base", 31);
  await order("here", "by-hand", 100); // nobody has looked since: it is as it was
  await order("here", "dropped", 181);

  expect((await forgetOrders(store, NOW_MS)).map(({ host, rule }) => `${host} ${rule}`)).toEqual([
    "gone base",
    "here dropped",
  ]);
  const left = (await listOrders(store)).orders.map(({ host, rule }) => `${host} ${rule}`);
  expect(left).toEqual(["away base", "here base", "here by-hand"]);
  expect(await findReport(store, "gone", "base")).toBeUndefined();
  expect(await findReport(store, "away", "base")).toBeDefined();
  expect(await forgetOrders(store, NOW_MS)).toEqual([]);
});
