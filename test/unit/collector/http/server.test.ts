import { once } from "node:events";
import { request } from "node:http";
import { connect } from "node:net";
import { afterAll, expect, test } from "vitest";
import { type Route, textReply } from "../../../../collector/http/route.ts";
import { openHttpServer } from "../../../../collector/http/server.ts";
import { PlimsollError } from "../../../../core/runtime/errors.ts";
import { freePort } from "../../../support/free-port.ts";
import { recordLog } from "../../../support/record-log.ts";
import { waitFor } from "../../../support/wait-for.ts";

const LOOPBACK = { host: "127.0.0.1", port: 0 };
const log = recordLog();
let finish = (): void => {};

function* manyPieces(): Generator<string> {
  for (let i = 0; i < 1000; i++) yield "x".repeat(10_000);
}

const get = (path: string, handle: Route["handle"]): Route => ({ method: "GET", path, summary: "", handle });
const routes: readonly Route[] = [
  get("/peer", ({ peer, headers }) => textReply(200, `${peer} ${headers.accept}`)),
  get("/pieces", () => ({ status: 200, body: manyPieces() })),
  get("/bug", () => {
    throw new Error("BUG: one of ours");
  }),
  get("/slow", async () => {
    await new Promise<void>((resolve) => {
      finish = resolve;
    });
    return textReply(200, "done");
  }),
];
const post: Route = {
  ...get("/body", async ({ readBody }) => textReply(200, `${(await readBody(10)).length} bytes`)),
  method: "POST",
};
const server = await openHttpServer([LOOPBACK, { host: "::1", port: 0 }], [...routes, post], log);
const [v4 = "", v6 = ""] = server.addresses;
afterAll(() => server.close(100));

test("listens on every address; a handler sees who asks", async () => {
  const ask = async (address: string): Promise<string> =>
    (await fetch(`http://${address}/peer?x=1`, { headers: { accept: "a/b" } })).text();
  expect(await ask(v4)).toBe("127.0.0.1 a/b\n");
  expect(v6).toMatch(/^\[::1\]:\d+$/);
  expect(await ask(v6)).toBe("::1 a/b\n");
});

test("a body in pieces arrives whole", async () => {
  expect((await (await fetch(`http://${v4}/pieces`)).text()).length).toBe(10_000_000);
});

test("a reader that goes away in the middle harms nobody", async () => {
  const asked = request(`http://${v4}/pieces`).end();
  const [response] = await once(asked, "response");
  response.destroy();
  expect((await fetch(`http://${v4}/peer`)).status).toBe(200);
});

test("HEAD has headers only; what is not there is one line", async () => {
  const head = await fetch(`http://${v4}/peer`, { method: "HEAD" });
  expect([head.status, await head.text()]).toEqual([200, ""]);
  const missing = await fetch(`http://${v4}/nothing`);
  expect([missing.status, await missing.text()]).toEqual([404, "no such path /nothing, see /\n"]);
});

test("a failure of ours is logged, not told", async () => {
  const response = await fetch(`http://${v4}/bug`);
  expect([response.status, await response.text()]).toEqual([500, "internal error\n"]);
  expect(log.lines.at(-1)).toMatchObject({ level: "error", message: "request failed" });
});

test("what is not HTTP is answered and closed", async () => {
  const socket = connect(Number(v4.split(":")[1]), "127.0.0.1");
  socket.end("\x16\x03\x01 hello\r\n\r\n");
  const [answer] = await once(socket, "data");
  expect(String(answer)).toMatch(/^HTTP\/1\.1 400 /);
  socket.destroy();
});

/** What is heard after the headers of a body that waits to be asked for. */
async function expectContinue(bytes: number): Promise<{ readonly first: string; readonly rest: string }> {
  const socket = connect(Number(v4.split(":")[1]), "127.0.0.1");
  socket.write(`POST /body HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: ${bytes}\r\n\r\n`);
  const [first] = await once(socket, "data");
  socket.end("x".repeat(bytes));
  const rest = (await socket.toArray()).join("");
  return { first: String(first), rest };
}

test("a body that waits to be asked for is asked for only when it is not too large", async () => {
  const taken = await expectContinue(10);
  expect(taken.first).toBe("HTTP/1.1 100 Continue\r\n\r\n");
  expect(taken.rest).toContain("\r\n\r\n10 bytes\n");
  const refused = await expectContinue(11);
  expect(refused.first).toMatch(/^HTTP\/1\.1 413 .*connection: close/is);
  expect(refused.rest).not.toContain("HTTP/1.1");
});

test("close lets a request under way finish, then refuses connections", async () => {
  const closing = await openHttpServer([LOOPBACK], routes, log);
  const [address = ""] = closing.addresses;
  await fetch(`http://${address}/peer`);
  finish = () => {};
  const started = finish;
  const answer = fetch(`http://${address}/slow`);
  await waitFor("the request", () => finish !== started);
  const closed = closing.close(10_000);
  finish();
  expect(await (await answer).text()).toBe("done\n");
  await closed;
  await expect(fetch(`http://${address}/peer`)).rejects.toThrow();
});

test("close does not wait for ever", async () => {
  const closing = await openHttpServer([LOOPBACK], routes, log);
  const started = finish;
  const answer = fetch(`http://${closing.addresses[0]}/slow`).catch(() => "cut");
  await waitFor("the request", () => finish !== started);
  await closing.close(50);
  expect(await answer).toBe("cut");
  finish();
});

test("an address that cannot be had is named, and the others are given back", async () => {
  const port = await freePort();
  const taken = { host: "127.0.0.1", port: Number(v4.split(":")[1]) };
  await expect(openHttpServer([{ host: "127.0.0.1", port }, taken], routes, log)).rejects.toThrow(
    new PlimsollError("LISTEN", `listen ${v4}: the port is in use`),
  );
  const again = await openHttpServer([{ host: "127.0.0.1", port }], routes, log);
  await again.close(0);
  await expect(openHttpServer([{ host: "192.0.2.1", port }], routes, log)).rejects.toThrow(
    `listen 192.0.2.1:${port}: this host does not have the address`,
  );
});
