import { expect, test } from "vitest";
import { MAX_OPERATIONS } from "../../provisioner/store/transaction.ts";
import type { Store } from "../../provisioner/store/types.ts";
import { waitFor } from "./wait-for.ts";

/** What every store must do. `open` opens the same store again and again, as another process would; `fresh` a new one. */
export function testStore(fresh: () => Promise<() => Promise<Store>>): void {
  const withStores = async (use: (...stores: Store[]) => Promise<void>): Promise<void> => {
    const open = await fresh();
    const stores = [await open(), await open()];
    try {
      await use(...stores);
    } finally {
      for (const store of stores) await store.close();
    }
  };
  const absent = (key: string) => ({ key, revision: 0 });
  const put = (key: string, value: unknown) => ({ expect: [], put: [{ key, value }] });

  test("what one wrote the other reads, with the revision it was written at", () =>
    withStores(async (one = never(), other = never()) => {
      const value = { text: "é\n\"'", list: [1, null], deep: { yes: true } };
      const revision = await one.transact(put("a/1", value));

      expect(await other.get("a/1")).toEqual({ key: "a/1", value, revision });
      expect(await other.get("a/2")).toBeUndefined();
    }));

  test("a list has what stands under its prefix and nothing else, in order", () =>
    withStores(async (one = never()) => {
      for (const key of ["a/2", "a/10", "a/1", "a", "a0", "b/1"]) await one.transact(put(key, key));
      const { entries, revision } = await one.list("a/");

      expect(entries.map(({ key }) => key)).toEqual(["a/1", "a/10", "a/2"]);
      expect(revision).toBeGreaterThanOrEqual(Math.max(...entries.map((entry) => entry.revision)));
      expect(await one.list("none/")).toEqual({ entries: [], revision });
    }));

  test("revisions rise with every commit, of whichever key and process", () =>
    withStores(async (one = never(), other = never()) => {
      const revisions = [
        await one.transact(put("a", 1)),
        await other.transact(put("b", 1)),
        await one.transact(put("a", 2)),
        await other.transact({ expect: [], remove: ["b"] }),
      ].map(Number);

      expect(new Set(revisions).size).toBe(4);
      expect([...revisions].sort((a, b) => a - b)).toEqual(revisions);
    }));

  test("all of a transaction or nothing", () =>
    withStores(async (one = never(), other = never()) => {
      const revision = Number(await one.transact(put("a", 1)));
      const change = { put: [{ key: "b", value: 2 }], remove: ["a"] };

      expect(await other.transact({ expect: [absent("a")], ...change })).toBeUndefined();
      expect(
        await other.transact({ expect: [{ key: "a", revision: revision - 1 }], ...change }),
      ).toBeUndefined();
      expect(
        await other.transact({
          expect: [
            { key: "a", revision },
            { key: "b", revision },
          ],
          ...change,
        }),
      ).toBeUndefined();
      expect((await one.list("a")).entries).toHaveLength(1);
      expect(await one.get("b")).toBeUndefined();

      expect(
        await other.transact({ expect: [{ key: "a", revision }, absent("b")], ...change }),
      ).toBeGreaterThan(revision);
      expect(await one.get("a")).toBeUndefined();
      expect((await one.get("b"))?.value).toBe(2);
    }));

  test("a key that was removed and written again is not the one that was read", () =>
    withStores(async (one = never()) => {
      const revision = Number(await one.transact(put("a", 1)));
      await one.transact({ expect: [], remove: ["a"] });
      await one.transact(put("a", 1));

      expect(await one.transact({ expect: [{ key: "a", revision }], remove: ["a"] })).toBeUndefined();
    }));

  test("of many that expect the same revision one commits", () =>
    withStores(async (...stores) => {
      const claims = Array.from({ length: 20 }, (_, i) =>
        stores[i % 2]?.transact({ expect: [absent("a")], put: [{ key: "a", value: i }] }),
      );
      const winners = (await Promise.all(claims)).map((revision, i) => ({ revision, i }));

      const [winner, ...others] = winners.filter(({ revision }) => revision !== undefined);
      expect(others).toEqual([]);
      expect(await stores[0]?.get("a")).toEqual({ key: "a", value: winner?.i, revision: winner?.revision });
    }));

  test(`${MAX_OPERATIONS} expectations and as many changes fit, one more is a bug`, () =>
    withStores(async (one = never()) => {
      const keys = (count: number) => Array.from({ length: count }, (_, i) => `k/${i}`);
      const claim = (count: number) => ({
        expect: keys(count).map(absent),
        put: keys(count).map((key) => ({ key, value: "x".repeat(500) })),
      });

      await expect(one.transact(claim(MAX_OPERATIONS + 1))).rejects.toThrow("BUG");
      expect(await one.transact(claim(MAX_OPERATIONS))).toBeDefined();
      expect((await one.list("k/")).entries).toHaveLength(MAX_OPERATIONS);
      await expect(one.transact({ ...put("a", 1), remove: ["a"] })).rejects.toThrow("BUG");
    }));

  test("changes after a revision are told, those before it and the rest of the store need not be", () =>
    withStores(async (one = never(), other = never()) => {
      const since = Number(await one.transact(put("a/1", 1)));
      const stop = new AbortController();
      const told: number[] = [];
      const reading = (async () => {
        for await (const revision of one.changes("a/", since, stop.signal)) told.push(revision);
      })();
      const sees = (revision: number | undefined) =>
        waitFor("the change", () => told.some((each) => each >= Number(revision)));

      await sees(await other.transact(put("a/2", 1)));
      await sees(await one.transact(put("a/1", 2)));
      await sees(await other.transact({ expect: [], remove: ["a/1"] }));
      stop.abort();
      await reading;
      expect([...told].sort((a, b) => a - b)).toEqual(told);
    }));

  test("a reader that comes late is told at once", () =>
    withStores(async (one = never()) => {
      const { revision: since } = await one.list("a/");
      const last = Number(await one.transact(put("a/1", 1)));
      const stop = new AbortController();
      for await (const revision of one.changes("a/", since, stop.signal)) {
        expect(revision).toBeGreaterThanOrEqual(last);
        stop.abort();
      }
    }));
}

function never(): never {
  throw new Error("no store");
}
