import { join } from "node:path";
import { afterAll, beforeEach, expect, test } from "vitest";
import { systemClock } from "../../../../../core/runtime/clock.ts";
import { Hints, parseNotification } from "../../../../../provisioner/registry/replication/hints.ts";
import { openEmbeddedStore } from "../../../../../provisioner/store/embedded.ts";
import type { Store } from "../../../../../provisioner/store/types.ts";
import { Cleanup } from "../../../../support/cleanup.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());
let store: Store;
let hints: Hints;
beforeEach(() => {
  store = openEmbeddedStore(join(cleanup.temporaryFolder(), "state.db"));
  cleanup.add("store", () => store.close());
  hints = new Hints(store, systemClock);
});
const names = async (of = hints) => (await of.list()).map(({ repository }) => repository);

test("what a notification says has changed", () => {
  const event = (action: string, repository: unknown) => ({ action, target: { repository } });
  const events = [
    event("push", "team/app"),
    event("push", "team/app"),
    event("delete", "b"),
    event("pull", "c"),
    event("push", "../d"),
    event("push", 5),
    null,
  ];
  expect(parseNotification(JSON.stringify({ events }))).toEqual(["team/app", "b"]);
  expect(["", "{}", "[]", "null", '{"events":{}}'].map(parseNotification)).toEqual(Array(5).fill(undefined));
});

test("kept for the next process, removed when followed, unless given again meanwhile", async () => {
  await hints.add(["a", "b"]);
  const found = await new Hints(store, systemClock).list();
  await hints.add(["b"]);
  await hints.remove(found);
  expect(await names()).toEqual(["b"]);
  await hints.add(Array.from({ length: 250 }, (_, at) => `many/r${at}`));
  expect(await names()).toHaveLength(251);
});

test("one that waits is woken by a hint, and does not wait where there is one", async () => {
  const { signal } = new AbortController();
  const waiting = hints.wait(3_600_000, signal);
  await systemClock.sleep(20);
  await hints.add(["a"]);
  await waiting;
  await hints.wait(3_600_000, signal);
  await hints.remove(await hints.list());
  await hints.wait(3_600_000, AbortSignal.abort());
});
