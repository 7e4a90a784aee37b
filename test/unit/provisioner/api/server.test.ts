import { statSync, writeFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, test } from "vitest";
import { NotFoundError, PlimsollError } from "../../../../core/runtime/errors.ts";
import type { ApiRequest, Route } from "../../../../provisioner/api/route.ts";
import { fields, oneWord, TEXT } from "../../../../provisioner/api/schema.ts";
import { openApiServer } from "../../../../provisioner/api/server.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { recordLog } from "../../../support/record-log.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

const answer = { status: 200, description: "", schema: TEXT } as const;
const FAILURES: Readonly<Record<string, () => unknown>> = {
  absent: () => new NotFoundError("machine a: not found"),
  busy: () => new PlimsollError("BUSY", "machine a: busy", { hint: "wait", cause: new Error("why") }),
  broken: () => new Error("a bug of ours"),
};

/** How the last request of a stream that nobody reads any more ended. */
let hasLeft = false;

const ROUTES: readonly Route[] = [
  {
    ...{ method: "POST", path: "/v1/echo/{name}", name: "echo", summary: "", isIdempotent: true, answer },
    body: fields({ kind: oneWord("a") }),
    query: { loud: { schema: TEXT, description: "" } },
    handle: async ({ signal: _, ...request }: ApiRequest) => request,
  },
  {
    ...{ method: "GET", path: "/v1/fail/{how}", name: "fail", summary: "", answer },
    handle: async ({ params: { how = "" } }) => {
      throw FAILURES[how]?.();
    },
  },
  {
    ...{ method: "GET", path: "/v1/count", name: "count", summary: "" },
    query: { fast: { schema: oneWord("yes", "no"), description: "" } },
    answer: { ...answer, isStream: true },
    handle: async ({ signal }) => count(signal),
  },
];

async function* count(signal: AbortSignal): AsyncGenerator<number> {
  for (let number = 1; !signal.aborted; number++) {
    yield number;
    await sleep(5);
  }
  hasLeft = true;
}

async function open() {
  const path = join(cleanup.temporaryFolder(), "run", "api.sock");
  const log = recordLog();
  const server = await openApiServer(path, ROUTES, log);
  let isOpen = true;
  const close = async (): Promise<void> => {
    if (isOpen) await server.close();
    isOpen = false;
  };
  cleanup.add("server", close);
  return { path, log, close };
}

interface Asked {
  readonly method?: string;
  readonly body?: string;
  readonly headers?: Record<string, string>;
}

function ask(
  socketPath: string,
  path: string,
  { method = "GET", body, headers = {} }: Asked = {},
): Promise<{ status: number; text: string; allow: string | undefined }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ socketPath, path, method, headers }, (response) => {
      let text = "";
      response.on("data", (chunk) => {
        text += chunk;
      });
      response.once("error", reject).once("end", () => {
        resolve({ status: response.statusCode ?? 0, text, allow: response.headers.allow });
      });
    });
    request.once("error", reject);
    request.end(body);
  });
}

test("a request reaches its route with all it has; only root may connect", async () => {
  const { path } = await open();
  const { status, text } = await ask(path, "/v1/echo/a%20b?loud=yes", {
    ...{ method: "POST", body: '{"kind":"a"}', headers: { "idempotency-key": "key-1" } },
  });

  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(status).toBe(200);
  expect(JSON.parse(text)).toEqual({
    ...{ params: { name: "a b" }, query: { loud: "yes" }, body: { kind: "a" }, idempotencyKey: "key-1" },
  });
});

const post = (body: string, headers: Record<string, string> = {}): Asked => ({
  method: "POST",
  body,
  headers,
});

test.for<readonly [url: string, asked: Asked, status: number, body: object]>([
  ["/v1/nothing", {}, 404, { code: "NOT_FOUND", error: "/v1/nothing: no such path" }],
  ["/v1/echo/a", {}, 405, { code: "USAGE", error: "GET /v1/echo/a: only POST" }],
  ["/v1/echo/a", post("{"), 400, { error: "body: not JSON" }],
  ["/v1/echo/a", post('{"kind":"b"}'), 400, { error: "kind: must be one of a" }],
  ["/v1/echo/a?much=1", post('{"kind":"a"}'), 400, { error: "much: no such parameter" }],
  ["/v1/count?fast=maybe", {}, 400, { error: "fast: must be one of yes, no" }],
  ["/v1/echo/a", post('{"kind":"a"}', { "idempotency-key": "a/b" }), 400, { code: "USAGE" }],
  ["/v1/fail/absent", {}, 404, { error: "machine a: not found" }],
  ["/v1/fail/busy", {}, 409, { error: "machine a: busy: why", code: "BUSY", hint: "wait" }],
  ["/v1/fail/broken", {}, 500, { error: "internal error" }],
])("%s %j is refused with %d in one line", async ([url, asked, status, body]) => {
  const { path } = await open();
  const answered = await ask(path, url, asked);

  expect(answered.status).toBe(status);
  expect(JSON.parse(answered.text)).toMatchObject(body);
});

test("a path that is asked by another method says by which it can be", async () => {
  const { path } = await open();

  expect(await ask(path, "/v1/count", { method: "POST" })).toMatchObject({ status: 405, allow: "GET" });
  expect(await ask(path, "/v1/count", { method: "HEAD" })).toMatchObject({ status: 405, allow: "GET" });
});

test("a body without end is not read to its end", async () => {
  const { path } = await open();
  const { status, text } = await ask(path, "/v1/echo/a", post("x".repeat(2 ** 20 + 1)));

  expect(status).toBe(400);
  expect(JSON.parse(text)).toMatchObject({ error: "body: larger than 1048576 bytes" });
});

test("a stream is a line for each, and ends when its reader goes, or the server", async () => {
  const { path, close } = await open();
  const whole = ask(path, "/v1/count").catch((error) => error);
  const lines = await new Promise<string>((resolve) => {
    httpRequest({ socketPath: path, path: "/v1/count" }, (response) => {
      let text = "";
      response.on("data", (chunk) => {
        text += chunk;
        if (text.split("\n").length <= 3) return;
        response.destroy();
        resolve(text);
      });
    }).end();
  });

  expect(lines).toMatch(/^1\n2\n3\n/);
  await expect.poll(() => hasLeft).toBe(true);
  await close();
  await whole;
});

test("a socket that a killed daemon left is replaced, one where somebody answers is not", async () => {
  const { path, log, close } = await open();
  await expect(openApiServer(path, ROUTES, log)).rejects.toThrow("another daemon answers");
  await close();
  writeFileSync(path, "");

  const second = await openApiServer(path, ROUTES, log);
  expect((await ask(path, "/v1/fail/absent")).status).toBe(404);
  await second.close();
});
