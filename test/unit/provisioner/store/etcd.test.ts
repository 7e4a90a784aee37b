import { afterAll, beforeAll, expect, test } from "vitest";
import { openEtcdStore } from "../../../../provisioner/store/etcd.ts";
import { parseStoreUrl } from "../../../../provisioner/store/open.ts";
import type { Store } from "../../../../provisioner/store/types.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { type PrivateEtcd, startEtcd } from "../../../support/etcd.ts";
import { freePort } from "../../../support/free-port.ts";
import { describeIf, hasCommand } from "../../../support/host.ts";
import { testStore } from "../../../support/store-conformance.ts";
import { waitFor } from "../../../support/wait-for.ts";

function openAt(url: string): Store {
  const place = parseStoreUrl(url);
  if ("path" in place) throw new Error(url);
  return openEtcdStore(place);
}

describeIf(hasCommand("etcd"))("with a real etcd", () => {
  const cleanup = new Cleanup();
  let etcd: PrivateEtcd;
  let count = 0;
  beforeAll(async () => {
    etcd = await startEtcd(cleanup);
  }, 40_000);
  afterAll(() => cleanup.run());

  testStore(async () => {
    const url = etcd.storeUrl(`conformance-${count++}`);
    return async () => openAt(url);
  });

  async function post(path: string, body: object): Promise<void> {
    const answer = await fetch(`http://${etcd.endpoint}/v3/${path}`, {
      method: "POST",
      body: JSON.stringify(body),
    });
    expect(answer.status).toBe(200);
  }
  const base64 = (text: string): string => Buffer.from(text).toString("base64");

  test("what is put for a while goes by itself, unless it is put again; with it a change is told", async () => {
    const store = openAt(etcd.storeUrl("leases"));
    const beat = (value: number) =>
      store.transact({
        expect: [],
        put: [
          { key: "beat/h1", value, seconds: 2 },
          { key: "facts/h1", value },
        ],
      });
    await beat(1);
    const revision = Number(await beat(2));
    const stop = new AbortController();
    const reading = (async () => {
      for await (const told of store.changes("beat/", revision, stop.signal)) return told;
      return 0;
    })();

    expect((await store.get("beat/h1"))?.value).toBe(2);
    await waitFor("the end of the lease", async () => (await store.get("beat/h1")) === undefined, 15_000);
    expect(await reading).toBeGreaterThan(revision);
    expect((await store.get("facts/h1"))?.value).toBe(2);
    expect(
      await store.transact({ expect: [{ key: "beat/h1", revision }], remove: ["beat/h1"] }),
    ).toBeUndefined();
    stop.abort();
    await store.close();
  }, 60_000);

  test("what is put for good over what would go stays", async () => {
    const store = openAt(etcd.storeUrl("kept"));
    await store.transact({ expect: [], put: [{ key: "a", value: 1, seconds: 1 }] });
    await store.transact({
      expect: [],
      put: [
        { key: "a", value: 2 },
        { key: "b", value: 1, seconds: 1 },
      ],
    });

    await waitFor("the other", async () => (await store.get("b")) === undefined, 15_000);
    expect((await store.get("a"))?.value).toBe(2);
    await store.close();
  }, 60_000);

  test("a damaged document is named, one outside its folder does not matter", async () => {
    const url = etcd.storeUrl("damage");
    const store = openAt(url);
    await post("kv/put", { key: base64("/damage/a/1"), value: base64("{") });
    await post("kv/put", { key: base64("/damaged/b/1"), value: base64("{") });

    await expect(store.list("a/")).rejects.toThrow(`store ${url}: a/1: not valid JSON`);
    expect((await store.list("b/")).entries).toEqual([]);
    await store.close();
  });

  test("a member that is down is passed over", async () => {
    const down = await freePort();
    const store = openAt(`etcd+http://127.0.0.1:${down},${etcd.endpoint}/members`);

    expect(await store.transact({ expect: [], put: [{ key: "a", value: 1 }] })).toBeDefined();
    expect((await store.get("a"))?.value).toBe(1);
    await store.close();
  });

  test("changes go on after a compaction, and after a kill -9 of etcd; nothing committed is lost", async () => {
    const store = openAt(etcd.storeUrl("restart"));
    const put = (value: number) => store.transact({ expect: [], put: [{ key: "a/1", value }] });
    const first = Number(await put(1));
    const last = Number(await put(2));
    await post("kv/compaction", { revision: String(last) });
    const stop = new AbortController();
    let seen = 0;
    const reading = (async () => {
      for await (const revision of store.changes("a/", first - 1, stop.signal)) seen = revision;
    })();
    await waitFor("the change that is left", () => seen >= last);

    await etcd.program.stop("SIGKILL");
    await expect(store.get("a/1")).rejects.toThrow("cannot be reached");
    etcd = await etcd.restart();
    expect((await store.get("a/1"))?.value).toBe(2);
    const after = Number(await put(3));
    await waitFor("the change after the restart", () => seen >= after);
    stop.abort();
    await reading;
    await store.close();
  }, 60_000);
});

test("an etcd that does not answer is one clear error", async () => {
  const url = `etcd+http://127.0.0.1:${await freePort()}/x`;
  const store = openAt(url);

  await expect(store.get("a")).rejects.toThrow(`store ${url}: cannot be reached`);
  await expect(store.transact({ expect: [] })).rejects.toThrow(`store ${url}: cannot be reached`);
  await store.close();
});
