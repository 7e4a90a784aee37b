import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  type ServerDocuments as Documents,
  inWindow,
  LEASE_MS,
  ServerDocuments,
  WindowWatch,
} from "../../../../../provisioner/registry/server/window.ts";
import { openEmbeddedStore } from "../../../../../provisioner/store/embedded.ts";
import type { Store } from "../../../../../provisioner/store/types.ts";
import { Cleanup } from "../../../../support/cleanup.ts";
import { ManualClock } from "../../../../support/manual-clock.ts";

const cleanup = new Cleanup();
let clock = new ManualClock();
let store: Store;
let documents: Documents;
const never = new AbortController().signal;

beforeEach(() => {
  clock = new ManualClock();
  store = openEmbeddedStore(join(cleanup.temporaryFolder(), "state.db"));
  cleanup.add("store", () => store.close());
  documents = new ServerDocuments(store, "registry.example");
});
afterEach(() => cleanup.run());

/** A body that ends when it is told to, or is to be ended. */
function body(): { readonly run: (signal: AbortSignal) => Promise<string>; readonly end: () => void } {
  let end = (): void => {};
  const run = (signal: AbortSignal): Promise<string> =>
    new Promise((resolve, reject) => {
      end = () => resolve("done");
      signal.addEventListener("abort", () => reject(signal.reason));
    });
  return { run, end: () => end() };
}

test("there while it lasts, with a beat; gone afterwards, and after a failure", async () => {
  const { run, end } = body();
  const result = inWindow(documents, "one", clock, never, run);
  await clock.advance(10_000);
  const window = await documents.readWindow();
  expect(window).toMatchObject({ id: "one", beat: 5 });
  end();
  expect(await result).toBe("done");
  expect(await documents.readWindow()).toBeUndefined();

  const failed = inWindow(documents, "two", clock, never, () => Promise.reject(new Error("no")));
  await expect(failed).rejects.toThrow("no");
  expect(await documents.readWindow()).toBeUndefined();
});

test("one at a time; that of a dead owner is taken over when its lease is over", async () => {
  const { run, end } = body();
  const first = inWindow(documents, "one", clock, never, run);
  await clock.advance(0);
  const second = inWindow(documents, "two", clock, never, async () => "two");
  const refused = expect(second).rejects.toThrow("another garbage collection is at work");
  await clock.advance(5000);
  await refused;
  end();
  await first;

  await documents.writeWindow("dead", 3, 0);
  const late = inWindow(documents, "three", clock, never, async () => "three");
  await clock.advance(LEASE_MS - 2000);
  expect(await documents.readWindow()).toMatchObject({ id: "dead" });
  await clock.advance(4000);
  expect(await late).toBe("three");
});

test("what runs inside is ended when the window cannot be held, long before replicas give it up", async () => {
  const { run } = body();
  const result = inWindow(documents, "one", clock, never, run);
  const lost = expect(result).rejects.toThrow("the read-only window was lost on the way");
  await clock.advance(4000);
  await documents.removeWindow("one");
  await clock.advance(LEASE_MS / 2);
  await lost;
});

test("a replica follows the beat by its own clock", () => {
  const watch = new WindowWatch(clock);
  expect(watch.judge(undefined)).toBeUndefined();
  const at = (revision: number): { id: string; beat: number; revision: number } => ({
    id: "one",
    beat: 0,
    revision,
  });
  expect(watch.judge(at(1))).toBe("one");
  const later = (ms: number): Promise<void> => clock.advance(ms);
  return later(LEASE_MS - 1).then(async () => {
    expect(watch.judge(at(1))).toBe("one");
    expect(watch.judge(at(2))).toBe("one");
    await later(LEASE_MS);
    expect(watch.judge(at(2))).toBeUndefined();
    expect(watch.judge(undefined)).toBeUndefined();
  });
});

test("what replicas say of themselves", async () => {
  await documents.writeReplica("a", { state: "read-only", window: "one", problem: "no policy", sinceMs: 7 });
  await documents.writeReplica("b", { state: "starting", window: undefined, sinceMs: 8 });
  expect(Object.fromEntries(await documents.readReplicas())).toEqual({
    a: { state: "read-only", window: "one", problem: "no policy", sinceMs: 7 },
    b: { state: "starting", window: undefined, sinceMs: 8 },
  });
  await store.transact({
    expect: [],
    put: [{ key: "registry-server/registry.example/replicas/a", value: { state: "x" } }],
  });
  await expect(documents.readReplicas()).rejects.toThrow("is not one of writable");
});

test("what was collected last", async () => {
  expect(await documents.readCollected()).toBeUndefined();
  for (const bytes of [91, undefined]) {
    const collected = { endedMs: 1, marked: 40, blobs: 3, bytes, untagged: 0 };
    await documents.writeCollected(collected);
    expect(await documents.readCollected()).toEqual(collected);
  }
});

test("one whose beat goes on is not dropped, one that is dead is", async () => {
  await documents.writeWindow("one", 0, 0);
  const before = await documents.readWindow();
  if (before === undefined) throw new Error("no window");
  await documents.writeWindow("one", 1, before.revision);
  await documents.dropWindow(before);
  const after = await documents.readWindow();
  expect(after).toMatchObject({ id: "one", beat: 1 });
  if (after !== undefined) await documents.dropWindow(after);
  expect(await documents.readWindow()).toBeUndefined();
});
