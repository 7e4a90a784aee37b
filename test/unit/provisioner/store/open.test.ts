import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { openStore, parseStoreUrl, withStore } from "../../../../provisioner/store/open.ts";
import type { Store } from "../../../../provisioner/store/types.ts";
import { Cleanup } from "../../../support/cleanup.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

test.for([
  ["/var/lib/x.db", { path: "/var/lib/x.db" }],
  ["x.db", { path: join(process.cwd(), "x.db") }],
  [
    "etcd+http://10.0.0.1:2379",
    { name: "etcd+http://10.0.0.1:2379", endpoints: ["http://10.0.0.1:2379"], prefix: "/plimsoll/" },
  ],
  [
    "etcd+https://a.example:2379,[fd00::1]:2379/prod/east/",
    {
      name: "etcd+https://a.example:2379,[fd00::1]:2379/prod/east/",
      endpoints: ["https://a.example:2379", "https://[fd00::1]:2379"],
      prefix: "/prod/east/",
    },
  ],
] as const)("%s", ([text, place]) => {
  expect(parseStoreUrl(text)).toEqual(place);
});

test.for([
  "",
  "http://10.0.0.1:2379",
  "etcd+http://",
  "etcd+http://10.0.0.1",
  "etcd+http://a:1,,b:2",
  "sqlite://x",
])("%j is refused", (text) => {
  expect(() => parseStoreUrl(text)).toThrow("is neither a path nor an etcd");
});

test("the flag names the store", async () => {
  const path = join(cleanup.temporaryFolder(), "state.db");
  const store = await openStore(path);

  expect(store.name).toBe(path);
  await store.close();
});

test("a store that is lent is closed when its use has ended, well or badly", async () => {
  const path = join(cleanup.temporaryFolder(), "lent.db");
  const lent: Store[] = [];
  const failure = withStore(path, async (store) => {
    lent.push(store);
    await store.list("/");
    throw new Error("no use");
  });

  await expect(failure).rejects.toThrow("no use");
  await expect(lent[0]?.list("/")).rejects.toThrow("not open");
});

test("a store that was named and is not there is made by who begins one, and by nobody else", async () => {
  const path = join(cleanup.temporaryFolder(), "typo.db");

  await expect(openStore(path, "refuse")).rejects.toThrow(`store ${path}: is not there`);
  expect(existsSync(path)).toBe(false);
  await (await openStore(path)).close();
  await (await openStore(path, "refuse")).close();
});
