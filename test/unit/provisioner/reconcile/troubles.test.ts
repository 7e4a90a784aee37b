import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { listTroubles, removeTrouble, writeTrouble } from "../../../../provisioner/reconcile/troubles.ts";
import { openEmbeddedStore } from "../../../../provisioner/store/embedded.ts";
import { Cleanup } from "../../../support/cleanup.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

test("by machine, the last that was told, until it is over", async () => {
  const store = openEmbeddedStore(join(cleanup.temporaryFolder(), "state.db"));
  cleanup.add("store", () => store.close());
  await writeTrouble(store, "6f1c", { text: "once", sinceMs: 1 });
  await writeTrouble(store, "6f1c", { text: "again", sinceMs: 2 });

  expect([...(await listTroubles(store))]).toEqual([["6f1c", { text: "again", sinceMs: 2 }]]);
  await removeTrouble(store, "6f1c");
  await removeTrouble(store, "6f1c");
  expect((await listTroubles(store)).size).toBe(0);
});
