import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { NotFoundError, PlimsollError, UsageError } from "../../../../core/runtime/errors.ts";
import { ApiClient } from "../../../../provisioner/api/client.ts";
import type { Route } from "../../../../provisioner/api/route.ts";
import { fields, TEXT } from "../../../../provisioner/api/schema.ts";
import { openApiServer } from "../../../../provisioner/api/server.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { recordLog } from "../../../support/record-log.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

const answer = { status: 200, description: "", schema: TEXT } as const;
const ROUTES: readonly Route[] = [
  {
    ...{ method: "POST", path: "/v1/echo", name: "echo", summary: "", body: fields({ a: TEXT }), answer },
    handle: async ({ body, idempotencyKey }) => ({ body, idempotencyKey }),
  },
  {
    ...{
      method: "GET",
      path: "/v1/lines",
      name: "lines",
      summary: "",
      answer: { ...answer, isStream: true },
    },
    handle: async () => ["ä", "b".repeat(100_000), "c"],
  },
  {
    ...{
      method: "GET",
      path: "/v1/broken",
      name: "broken",
      summary: "",
      answer: { ...answer, isStream: true },
    },
    handle: async () => breakingOff(),
  },
  {
    ...{ method: "GET", path: "/v1/busy", name: "busy", summary: "", answer },
    handle: async () => {
      throw new PlimsollError("BUSY", "machine a: busy", { hint: "wait" });
    },
  },
];

async function* breakingOff(): AsyncGenerator<number> {
  yield 1;
  throw new Error("killed");
}

async function connect(): Promise<ApiClient> {
  const path = join(cleanup.temporaryFolder(), "api.sock");
  const server = await openApiServer(path, ROUTES, recordLog());
  cleanup.add("server", () => server.close());
  const client = new ApiClient(path);
  cleanup.add("client", () => client.close());
  return client;
}

async function collect(lines: AsyncIterable<unknown>, into: unknown[]): Promise<void> {
  for await (const line of lines) into.push(line);
}

test("what is asked arrives, and what is answered", async () => {
  const client = await connect();
  const lines: unknown[] = [];
  await collect(client.stream("/v1/lines"), lines);

  expect(await client.call("POST", "/v1/echo", { a: "x" }, "key")).toEqual({
    ...{ body: { a: "x" }, idempotencyKey: "key" },
  });
  expect(lines).toEqual(["ä", "b".repeat(100_000), "c"]);
});

test("a refusal is thrown as if it had been refused here", async () => {
  const client = await connect();

  await expect(client.call("POST", "/v1/echo", { b: 1 })).rejects.toThrow(UsageError);
  await expect(client.call("GET", "/v1/nothing")).rejects.toThrow(NotFoundError);
  await expect(collect(client.stream("/v1/nothing"), [])).rejects.toThrow(NotFoundError);
  await expect(client.call("GET", "/v1/busy")).rejects.toMatchObject({
    ...{ code: "BUSY", message: "machine a: busy", hint: "wait" },
  });
});

test("nobody there, or not any more, is told from a refusal", async () => {
  const nobody = new ApiClient(join(cleanup.temporaryFolder(), "no.sock"));
  cleanup.add("client", () => nobody.close());
  const client = await connect();
  const lines: unknown[] = [];

  expect(await nobody.find("/v1/status")).toBeUndefined();
  await expect(nobody.call("GET", "/v1/status")).rejects.toMatchObject({ code: "DAEMON" });
  await expect(collect(client.stream("/v1/broken"), lines)).rejects.toMatchObject({ code: "DAEMON" });
  expect(lines).toEqual([1]);
});
