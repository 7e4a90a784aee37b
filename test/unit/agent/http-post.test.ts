import { writeFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders, type RequestListener } from "node:http";
import { createServer as createTcpServer } from "node:net";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { type HttpPost, openHttpPost } from "../../../agent/http-post.ts";
import { DEFAULT_SETTINGS } from "../../../agent/push-settings.ts";
import { Cleanup } from "../../support/cleanup.ts";
import { freePort } from "../../support/free-port.ts";
import { listen } from "../../support/listen.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const BODY = new Uint8Array([1, 2, 3]);
const never = new AbortController().signal;

async function postTo(listener: RequestListener): Promise<HttpPost> {
  return openPost(await listen(cleanup, createServer(listener)));
}

/** A server that answers each connection with these bytes, whatever is asked. */
async function postToBytes(bytes: string, hangUp: boolean): Promise<HttpPost> {
  const server = createTcpServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => (hangUp ? socket.end(bytes) : socket.write(bytes)));
  });
  return openPost(await listen(cleanup, server));
}

function openPost(port: number, path = "/api/v1/write?a=b", timeoutMs = 300): HttpPost {
  return openHttpPost({
    url: new URL(`http://127.0.0.1:${port}${path}`),
    headers: { "x-test": "yes" },
    settings: { ...DEFAULT_SETTINGS, timeoutMs },
  });
}

test("posts the body with its headers to the URL's path and query", async () => {
  let seen:
    | { headers: IncomingHttpHeaders; method: string | undefined; url: string | undefined; body: Buffer }
    | undefined;
  const post = await postTo((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      seen = {
        headers: request.headers,
        method: request.method,
        url: request.url,
        body: Buffer.concat(chunks),
      };
      response.writeHead(204).end();
    });
  });

  expect(await post.send(BODY, never)).toEqual({ outcome: "delivered" });
  expect(seen).toMatchObject({
    method: "POST",
    url: "/api/v1/write?a=b",
    headers: { "x-test": "yes", "content-length": "3" },
  });
  expect(seen?.body).toEqual(Buffer.from(BODY));
});

test("the user information of the URL becomes basic authorization", async () => {
  let authorization: string | undefined;
  const server = createServer((request, response) => {
    authorization = request.headers.authorization;
    response.end();
  });
  const url = new URL(`http://user:p%40ss@127.0.0.1:${await listen(cleanup, server)}/`);
  await openHttpPost({ url, headers: {}, settings: DEFAULT_SETTINGS }).send(BODY, never);

  expect(authorization).toBe(`Basic ${Buffer.from("user:p@ss").toString("base64")}`);
});

test("one connection serves many posts", async () => {
  const ports = new Set<number | undefined>();
  const post = await postTo((request, response) => {
    ports.add(request.socket.remotePort);
    request.resume().on("end", () => response.end("ok"));
  });
  for (let i = 0; i < 3; i++) await post.send(BODY, never);

  expect(ports.size).toBe(1);
});

test("a connection that the receiver closed between two posts costs no failure", async () => {
  const server = createServer((request, response) => {
    request.resume().on("end", () => response.end("ok"));
  });
  server.keepAliveTimeout = 1;
  const post = openPost(await listen(cleanup, server));
  for (let i = 0; i < 20; i++) expect(await post.send(BODY, never)).toEqual({ outcome: "delivered" });
});

test.for<[number, string]>([
  [200, "delivered"],
  [204, "delivered"],
  [301, "refused"],
  [400, "refused"],
  [404, "refused"],
  [413, "refused"],
  [429, "retry"],
  [500, "retry"],
  [503, "retry"],
])("status %i is %s", async ([status, outcome]) => {
  const post = await postTo((_, response) => response.writeHead(status).end());

  expect(await post.send(BODY, never)).toMatchObject({ outcome });
});

test.for<[number, "samples" | undefined]>([
  [400, "samples"],
  [413, "samples"],
  [401, undefined],
  [404, undefined],
  [429, undefined],
  [500, "samples"],
  [503, undefined],
])("status %i blames %s", async ([status, blame]) => {
  const post = await postTo((_, response) => response.writeHead(status).end());

  expect(((await post.send(BODY, never)) as { blame?: string }).blame).toBe(blame);
});

test("statuses that the operator wants tried again are", async () => {
  const port = await listen(
    cleanup,
    createServer((_, response) => response.writeHead(401).end("who?")),
  );
  const settings = { ...DEFAULT_SETTINGS, retryStatuses: [401] };
  const post = openHttpPost({ url: new URL(`http://127.0.0.1:${port}/`), headers: {}, settings });

  expect(await post.send(BODY, never)).toEqual({ outcome: "retry", reason: "HTTP 401" });
});

test("the protocol's headers win over configured ones, a secret is read again at each push", async () => {
  const seen: IncomingHttpHeaders[] = [];
  const port = await listen(
    cleanup,
    createServer((request, response) => {
      seen.push(request.headers);
      response.end();
    }),
  );
  const bearerTokenFile = join(cleanup.temporaryFolder(), "token");
  const settings = {
    ...DEFAULT_SETTINGS,
    bearerTokenFile,
    headers: { "x-test": "mine", "x-scope-orgid": "a" },
  };
  const post = openHttpPost({
    url: new URL(`http://127.0.0.1:${port}/`),
    headers: { "x-test": "yes" },
    settings,
  });

  expect(await post.send(BODY, never)).toMatchObject({
    outcome: "retry",
    reason: expect.stringContaining("ENOENT"),
  });
  for (const token of ["one", "two"]) {
    writeFileSync(bearerTokenFile, `${token}\n`);
    await post.send(BODY, never);
  }
  expect(seen.map(({ authorization }) => authorization)).toEqual(["Bearer one", "Bearer two"]);
  expect(seen[0]).toMatchObject({ "x-test": "yes", "x-scope-orgid": "a" });
});

test("the receiver's clock is asked for once, then heard with each answer", async () => {
  const methods: (string | undefined)[] = [];
  const dateMs = Date.UTC(2020, 0, 1);
  const post = await postTo((request, response) => {
    methods.push(request.method);
    response.writeHead(request.method === "HEAD" ? 405 : 204, { date: new Date(dateMs).toUTCString() }).end();
  });

  const nowMs = (await post.receiverNowMs(never)) ?? 0;
  expect(nowMs - dateMs).toBeGreaterThanOrEqual(0);
  expect(nowMs - dateMs).toBeLessThan(60_000);
  await post.send(BODY, never);
  await post.receiverNowMs(never);
  expect(methods).toEqual(["HEAD", "POST"]);
});

test("a receiver that says no time has none", async () => {
  const post = await postTo((_, response) => {
    response.sendDate = false;
    response.end();
  });

  expect(await post.receiverNowMs(never)).toBeUndefined();
});

test("the reason has the status and the first words of the body on one line", async () => {
  const post = await postTo((_, response) => response.writeHead(400).end("out of order\n sample\n"));

  expect(await post.send(BODY, never)).toEqual({
    outcome: "refused",
    reason: "HTTP 400: out of order sample",
    blame: "samples",
  });
});

test("429 and 503 with Retry-After say when", async () => {
  const post = await postTo((_, response) => response.writeHead(429, { "retry-after": "7" }).end());

  expect(await post.send(BODY, never)).toEqual({ outcome: "retry", afterMs: 7000, reason: "HTTP 429" });
});

test("an endless error page is cut", async () => {
  const post = await postTo((_, response) => {
    response.writeHead(502);
    const more = (): void => {
      while (!response.destroyed && response.write("x".repeat(65_536)));
    };
    response.on("drain", more);
    more();
  });
  const delivery = await post.send(BODY, never);

  expect(delivery).toMatchObject({ outcome: "retry", reason: `HTTP 502: ${"x".repeat(300)}` });
});

test("a receiver that hangs is left after the timeout", async () => {
  const post = await postTo(() => {});

  expect(await post.send(BODY, never)).toEqual({ outcome: "retry", reason: "no answer within 300 ms" });
});

test("stopping does not wait for the answer", async () => {
  const post = await postTo(() => {});
  const stop = new AbortController();
  const delivery = post.send(BODY, stop.signal);
  setTimeout(() => stop.abort(), 20);

  expect(await delivery).toMatchObject({ outcome: "retry", reason: "stopped before the answer came" });
  expect(await post.send(BODY, stop.signal)).toMatchObject({ outcome: "retry" });
});

test("garbage is a failure to be retried", async () => {
  const post = await postToBytes("\x00\x01 no HTTP at all\r\n\r\n", true);

  expect(await post.send(BODY, never)).toMatchObject({
    outcome: "retry",
    reason: expect.stringContaining("Parse Error"),
  });
});

test("half a head is a failure to be retried", async () => {
  const post = await postToBytes("HTTP/1.1 204 No Con", true);

  expect(await post.send(BODY, never)).toMatchObject({ outcome: "retry" });
});

test("an answer to a question that nobody asked is a failure, at once", async () => {
  const post = await postToBytes("HTTP/1.1 101 Go\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n", false);

  expect(await post.send(BODY, never)).toEqual({ outcome: "retry", reason: "closed without an answer" });
  expect(await post.send(BODY, never)).toEqual({ outcome: "retry", reason: "closed without an answer" });
});

test("half a body is an answer: its status is known", async () => {
  const head = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n";
  expect(await (await postToBytes(`${head}half`, true)).send(BODY, never)).toEqual({ outcome: "delivered" });
  // The same when the rest never comes.
  expect(await (await postToBytes(`${head}half`, false)).send(BODY, never)).toEqual({ outcome: "delivered" });
});

test("a refused connection is a failure to be retried", async () => {
  expect(await openPost(await freePort()).send(BODY, never)).toMatchObject({
    outcome: "retry",
    reason: expect.stringContaining("ECONNREFUSED"),
  });
});

test("https is taken from the URL", async () => {
  const port = await listen(
    cleanup,
    createServer((_, response) => response.end()),
  );
  const url = new URL(`https://127.0.0.1:${port}/`);

  expect(
    await openHttpPost({ url, headers: {}, settings: DEFAULT_SETTINGS }).send(BODY, never),
  ).toMatchObject({
    outcome: "retry",
  });
});

test("an IPv6 address in brackets is connected to", async () => {
  const url = new URL(`http://[::1]:${await freePort()}/`);

  expect(
    await openHttpPost({ url, headers: {}, settings: DEFAULT_SETTINGS }).send(BODY, never),
  ).toMatchObject({
    reason: expect.stringMatching(/ECONNREFUSED ::1|EADDRNOTAVAIL/),
  });
});
