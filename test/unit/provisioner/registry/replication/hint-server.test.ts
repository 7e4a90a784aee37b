import { join } from "node:path";
import { afterAll, beforeEach, expect, test } from "vitest";
import { systemClock } from "../../../../../core/runtime/clock.ts";
import { openHintServer } from "../../../../../provisioner/registry/replication/hint-server.ts";
import { Hints } from "../../../../../provisioner/registry/replication/hints.ts";
import { openEmbeddedStore } from "../../../../../provisioner/store/embedded.ts";
import type { Store } from "../../../../../provisioner/store/types.ts";
import { Cleanup } from "../../../../support/cleanup.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());
let store: Store;
let hints: Hints;
let url: string;
beforeEach(async () => {
  store = openEmbeddedStore(join(cleanup.temporaryFolder(), "state.db"));
  hints = new Hints(store, systemClock);
  const server = await openHintServer(hints, { host: "127.0.0.1", port: 0 }, "secret");
  cleanup.add("server", () => server.close());
  url = `http://127.0.0.1:${server.port}/`;
});

const PUSH = JSON.stringify({ events: [{ action: "push", target: { repository: "a" } }] });
const post = async (body: string, authorization = "Bearer secret"): Promise<number> =>
  (await fetch(url, { method: "POST", body, headers: { authorization } })).status;

test("a notification is in the store when it is answered", async () => {
  expect(await post(PUSH)).toBe(200);
  expect((await hints.list()).map(({ repository }) => repository)).toEqual(["a"]);
});

test("what is refused leaves nothing", async () => {
  expect([
    await post(PUSH, "Bearer wrong!"),
    await post(PUSH, ""),
    await post("{"),
    await post("x".repeat(5_000_000)).catch(() => 413),
  ]).toEqual([401, 401, 400, 413]);
  expect((await fetch(url)).status).toBe(405);
  expect(await hints.list()).toEqual([]);
});

test("a store that fails is not answered with 200: the registry keeps the notification", async () => {
  await store.close();
  expect(await post(PUSH)).toBe(503);
});

test("a port that is taken", async () => {
  const taken = openHintServer(hints, { host: "127.0.0.1", port: Number(new URL(url).port) }, undefined);
  await expect(taken).rejects.toThrow("notifications: cannot listen at 127.0.0.1:");
});
