import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { reserveAddresses } from "../../../../../provisioner/addresses/reserve.ts";
import { type Method, matchPath } from "../../../../../provisioner/api/route.ts";
import { networkRoutes } from "../../../../../provisioner/api/routes/networks.ts";
import { findMismatch } from "../../../../../provisioner/api/schema.ts";
import { SCHEMAS } from "../../../../../provisioner/api/schemas.ts";
import { openEmbeddedStore } from "../../../../../provisioner/store/embedded.ts";
import { Cleanup } from "../../../../support/cleanup.ts";
import { ownerOf, SetClock } from "../../../../support/networks.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());
const clock = new SetClock();
const store = openEmbeddedStore(join(cleanup.temporaryFolder(), "state.db"));
cleanup.add("store", () => store.close());
const routes = networkRoutes(store, clock);

/** What the route answers; fails where that is not what its schema says. */
async function ask(method: Method, path: string, body?: unknown): Promise<unknown> {
  const match = matchPath(routes, path).find(({ route }) => route.method === method);
  if (match === undefined) throw new Error(`no route ${method} ${path}`);
  const { route, params } = match;
  expect(route.body && findMismatch(route.body, body, SCHEMAS)).toBeUndefined();
  const signal = new AbortController().signal;
  const value = await route.handle({ params, query: {}, body, idempotencyKey: undefined, signal });
  expect(findMismatch(route.answer.schema, value, SCHEMAS)).toBeUndefined();
  return value;
}

const WEB = { name: "web", vlan: 100, cidr: "10.0.0.0/24", gateway: "10.0.0.1" };

test("a network's life", async () => {
  expect(await ask("POST", "/v1/networks", WEB)).toMatchObject({ ...WEB, quarantineSeconds: 600 });
  expect(await ask("POST", "/v1/networks", WEB)).toMatchObject({ name: "web" });
  expect(await ask("GET", "/v1/networks")).toMatchObject([{ name: "web", state: "active" }]);
  const [lease] = await reserveAddresses(store, clock, "web", [{ owner: ownerOf(1), address: undefined }]);

  expect(await ask("GET", "/v1/networks/web")).toMatchObject({ addresses: { total: 253, reserved: 1 } });
  expect(await ask("GET", "/v1/networks/web/addresses")).toMatchObject([{ address: lease?.address }]);
  await expect(ask("DELETE", "/v1/networks/web")).rejects.toThrow("web");
  await expect(ask("POST", "/v1/networks/web/addresses/here/clear")).rejects.toThrow("not an IPv4 address");
  await expect(ask("POST", "/v1/networks/web/addresses/10.0.0.9/clear")).rejects.toThrow("not in conflict");
});

test("one that nobody uses is removed", async () => {
  await ask("POST", "/v1/networks", { name: "db", vlan: 101, cidr: "10.0.1.0/24", quarantineSeconds: 60 });

  expect(await ask("DELETE", "/v1/networks/db")).toMatchObject({ name: "db", quarantineSeconds: 60 });
  await expect(ask("GET", "/v1/networks/db")).rejects.toThrow("network db: not found");
});
