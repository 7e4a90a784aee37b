import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { systemClock } from "../../../../../core/runtime/clock.ts";
import { NO_COUNTS, SyncJournal } from "../../../../../provisioner/registry/replication/journal.ts";
import { openEmbeddedStore } from "../../../../../provisioner/store/embedded.ts";
import type { Store } from "../../../../../provisioner/store/types.ts";
import { Cleanup } from "../../../../support/cleanup.ts";

const cleanup = new Cleanup();
const R = { name: "r", journal: "r" };
afterAll(() => cleanup.run());

function openStore(): Store {
  const store = openEmbeddedStore(join(cleanup.temporaryFolder(), "state.db"));
  cleanup.add("store", () => store.close());
  return store;
}

test("tags by repository; changes of several runs add up, none at all forgets", async () => {
  const store = openStore();
  const journal = new SyncJournal(store, systemClock, R);
  await Promise.all([
    journal.writeTags("team/app", new Map([["v1", ["a"]]])),
    journal.writeTags("team/app", new Map([["v2", ["b", "c"]]])),
    new SyncJournal(store, systemClock, { name: "other", journal: "other" }).writeTags(
      "team/app",
      new Map([["v9", ["z"]]]),
    ),
  ]);
  expect(await journal.readTags()).toEqual(
    new Map([
      [
        "team/app",
        new Map([
          ["v1", ["a"]],
          ["v2", ["b", "c"]],
        ]),
      ],
    ]),
  );

  await journal.writeTags(
    "team/app",
    new Map([
      ["v1", []],
      ["v2", ["c"]],
    ]),
  );
  expect(await journal.readTags()).toEqual(new Map([["team/app", new Map([["v2", ["c"]]])]]));
});

test("two rules that lead to each other share their notes, not their runs", async () => {
  const store = openStore();
  const [there, back] = [R, { name: "back", journal: "r" }].map(
    (rule) => new SyncJournal(store, systemClock, rule),
  );
  await there?.writeTags("a", new Map([["v1", ["a"]]]));
  await there?.writeStatus({ rule: "r", startedMs: 5, endedMs: 6, currentMs: 5, ...NO_COUNTS });
  expect(await back?.readTags()).toEqual(await there?.readTags());
  expect(await back?.readStatus()).toBeUndefined();
});

test("what one of them is about to bring is its own until it has brought it", async () => {
  const store = openStore();
  const there = new SyncJournal(store, systemClock, R);
  const back = new SyncJournal(store, systemClock, { name: "back", journal: "r" });
  const tagsOf = async (journal: SyncJournal) => (await journal.readTags()).get("a")?.get("v1");
  await there.writeTags("a", new Map([["v1", ["1"]]]));
  await there.intend("a", new Map([["v1", "2"]]));
  await there.intend("a", new Map([["v1", "3"]]));
  expect([await tagsOf(there), await tagsOf(back)]).toEqual([["1", "2", "3"], ["1"]]);

  await back.writeTags("a", new Map([["v1", ["3"]]]));
  expect([await tagsOf(there), await tagsOf(back)]).toEqual([["3", "2"], ["3"]]);
  await there.writeTags("a", new Map([["v1", ["3"]]]));
  expect(await tagsOf(there)).toEqual(["3"]);
  expect((await store.list("registry-sync/")).entries.map(({ value }) => value)).toEqual([
    { tags: { v1: ["3"] }, intended: {} },
  ]);
});

test("the last run", async () => {
  const journal = new SyncJournal(openStore(), systemClock, R);
  expect(await journal.readStatus()).toBeUndefined();
  const status = { rule: "r", startedMs: 5, endedMs: undefined, currentMs: 0, ...NO_COUNTS, copied: 3 };
  await journal.writeStatus(status);
  expect(await journal.readStatus()).toEqual(status);
  await journal.writeStatus({ ...status, endedMs: 9 });
  expect(await journal.readStatus()).toEqual({ ...status, endedMs: 9 });
});

test.for([
  {},
  { tags: [1] },
  { tags: { v1: "a" } },
  { tags: null },
  { tags: {}, intended: 1 },
  { tags: {}, intended: { r: { v1: "a" } } },
])("%j is damage, and named", async (value) => {
  const store = openStore();
  await store.transact({ expect: [], put: [{ key: "registry-sync/r/tags/a", value }] });
  await expect(new SyncJournal(store, systemClock, R).readTags()).rejects.toMatchObject({
    code: "STORE_DAMAGED",
  });
});

test("what a policy has refused, as long as it is the same one; a status from before there were any", async () => {
  const store = openStore();
  const journal = new SyncJournal(store, systemClock, R);
  await journal.writeRefusal("sha256:1", "policy", ["it runs as root"]);
  expect(await journal.readRefusals("policy")).toEqual(new Map([["sha256:1", ["it runs as root"]]]));
  expect(
    await new SyncJournal(store, systemClock, { name: "s", journal: "s" }).readRefusals("policy"),
  ).toEqual(new Map());
  expect(await journal.readRefusals("another")).toEqual(new Map());
  expect(await journal.readRefusals("policy")).toEqual(new Map());

  const { refused: _, ...older } = { startedMs: 5, currentMs: 0, ...NO_COUNTS };
  await store.transact({ expect: [], put: [{ key: "registry-sync/r/status", value: older }] });
  expect(await journal.readStatus()).toMatchObject({ startedMs: 5, refused: 0 });
});
