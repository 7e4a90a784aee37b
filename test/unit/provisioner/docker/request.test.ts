import { createServer } from "node:http";
import { Readable } from "node:stream";
import { afterAll, expect, test } from "vitest";
import { EngineConnection } from "../../../../provisioner/docker/request.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { listenAsEngine, listenOnSocket } from "../../../support/engine-socket.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

/** An engine that answers with the status its path names, and what it was sent. */
async function connect(): Promise<EngineConnection> {
  const { socket } = await listenAsEngine(cleanup, async (request, response) => {
    if (request.url?.endsWith("/never")) return;
    let body = "";
    for await (const chunk of request) body += chunk;
    const status = Number(request.url?.split("/").at(-1));
    response
      .writeHead(status)
      .end(status === 200 ? `${request.headers["content-type"]} ${body}` : '{"message":"no"}');
  });
  const connection = new EngineConnection(socket);
  cleanup.add("connection", () => connection.close());
  return connection;
}

test("a body is JSON, or a tar archive as it is", async () => {
  const connection = await connect();

  expect((await connection.call("POST", "/200", { body: { a: 1 } })).text).toBe('application/json {"a":1}');
  expect((await connection.call("POST", "/200", { body: Readable.from(["tar"]) })).text).toBe(
    "application/x-tar tar",
  );
});

test("a status that is not fine is the engine's own words", async () => {
  const connection = await connect();

  await expect(connection.call("GET", "/409")).rejects.toThrow("docker: GET /409: no");
  expect((await connection.call("GET", "/404", { ok: [404] })).status).toBe(404);
});

test("an engine that is not there: where it was looked for, and what to do", async () => {
  const connection = new EngineConnection("/nowhere/docker.sock");
  await expect(connection.call("GET", "/200")).rejects.toThrow("no engine answers at /nowhere/docker.sock");
  await connection.close();
});

test("an engine that hangs beyond the caller's own patience: the same, and where to look; a caller that leaves is its own cause", async () => {
  const connection = await connect();
  const left = new AbortController();
  const leaving = connection.call("GET", "/never", { signal: left.signal });
  left.abort(new Error("left"));

  await expect(leaving).rejects.toThrow("left");
  await expect(connection.call("GET", "/never", { signal: AbortSignal.timeout(20) })).rejects.toMatchObject({
    message: expect.stringMatching(/^docker: no engine answers at .*docker.sock$/),
    hint: "it takes requests and hangs: its log says why",
  });
});

test("who hurries waits a little for what is under way, and for what comes after; others wait on", async () => {
  const connection = await connect();
  const ending = new AbortController();
  const hasty = connection.hurriedBy(ending.signal);
  const patient = connection.call("GET", "/never").catch((error) => error);
  const underWay = hasty.call("GET", "/never");
  ending.abort();

  await expect(underWay).rejects.toThrow("docker: GET /never: given up, no answer");
  expect((await hasty.call("GET", "/200")).status).toBe(200);
  expect(await Promise.race([patient, "waits"])).toBe("waits");
  await connection.close();
  await patient;
});

test("who is told to end by a signal of the call's own hears that at once", async () => {
  const connection = await connect();
  const own = new AbortController();
  const call = connection
    .hurriedBy(new AbortController().signal)
    .call("GET", "/never", { signal: own.signal });
  own.abort(new Error("enough"));

  await expect(call).rejects.toThrow("enough");
});

test("an engine that was replaced by one of other versions refuses once", async () => {
  const taken = { versions: '{"ApiVersion":"1.41","MinAPIVersion":"1.12"}', prefix: "/v1.41" };
  const server = createServer(({ url = "" }, response) => {
    if (url === "/version") return void response.end(taken.versions);
    if (url.startsWith(taken.prefix)) return void response.end("fine");
    response.writeHead(400).end('{"message":"client version 1.41 is too old"}');
  });
  const connection = new EngineConnection(await listenOnSocket(cleanup, server));
  cleanup.add("connection", () => connection.close());

  expect((await connection.call("GET", "/info")).text).toBe("fine");
  Object.assign(taken, { versions: '{"ApiVersion":"1.52","MinAPIVersion":"1.44"}', prefix: "/v1.44" });
  await expect(connection.call("GET", "/info")).rejects.toThrow("client version 1.41 is too old");
  expect((await connection.call("GET", "/info")).text).toBe("fine");
});
