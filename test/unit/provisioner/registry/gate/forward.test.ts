import { createServer, type IncomingHttpHeaders, request } from "node:http";
import { connect, createServer as createNetServer } from "node:net";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { Backend, reply } from "../../../../../provisioner/registry/gate/forward.ts";
import { untilOver } from "../../../../../provisioner/registry/gate/leaving.ts";
import { Patience } from "../../../../../provisioner/registry/gate/patience.ts";
import { listen } from "../../../../../provisioner/registry/listen.ts";
import { Cleanup } from "../../../../support/cleanup.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

const patience = (): Patience => new Patience({ mostMs: 60_000, bytesPerSecond: 1024 });

/** A client's way to the registry at the socket. */
async function openFront(socketPath: string): Promise<number> {
  const backend = new Backend(socketPath, 60_000);
  cleanup.add("backend", () => backend.close());
  const front = createServer(async (incoming, response) =>
    reply(await backend.ask(incoming, true, patience(), untilOver(response)), response, patience()),
  );
  const { port, close } = await listen("front", front, { host: "127.0.0.1", port: 0 });
  cleanup.add("front", close);
  return port;
}

test("headers of the content pass, those of the connection stay; who asks is added and cannot be made up", async () => {
  const socketPath = join(cleanup.temporaryFolder(), "socket");
  let seen: IncomingHttpHeaders = {};
  const registry = createServer((incoming, response) => {
    seen = incoming.headers;
    incoming.pipe(response.writeHead(207, { "x-answer": "1", connection: "x-own", "x-own": "2" }));
  });
  await new Promise<void>((resolve) => registry.listen(socketPath, resolve));
  cleanup.add("registry", () => void registry.close());
  const port = await openFront(socketPath);

  const headers = {
    ...{ range: "bytes=1-2", te: "trailers", connection: "x-mine, te", "x-mine": "3", upgrade: "h2c" },
    "x-forwarded-for": "10.9.9.9",
  };
  const answer = await new Promise<[number | undefined, IncomingHttpHeaders, string]>((resolve) => {
    const options = { host: "127.0.0.1", port, method: "POST", path: "/v2/", headers };
    const outgoing = request(options, (response) => {
      let body = "";
      response.on("data", (chunk) => {
        body += chunk;
      });
      response.on("end", () => resolve([response.statusCode, response.headers, body]));
    });
    outgoing.end("what is sent");
  });
  expect(answer).toEqual([207, expect.objectContaining({ "x-answer": "1" }), "what is sent"]);
  expect(answer[1]).not.toHaveProperty("x-own");
  expect(seen).toMatchObject({
    range: "bytes=1-2",
    "x-forwarded-for": "127.0.0.1",
    "x-forwarded-proto": "https",
  });
  for (const name of ["te", "x-mine", "upgrade"]) expect(seen).not.toHaveProperty(name);
});

test.each([
  ["GET", "chunks", "transfer-encoding: chunked"],
  ["DELETE", "chunks", "transfer-encoding: chunked"],
  ["GET", "a length that is said to be the connection's", "connection: content-length"],
])("a body that %s has, in %s, never gets where the next request begins", async (method, _, header) => {
  const socketPath = join(cleanup.temporaryFolder(), "socket");
  let seen = "";
  const registry = createNetServer((socket) => {
    socket.on("data", (bytes) => {
      seen += bytes;
      setTimeout(() => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"), 50);
    });
    socket.on("error", () => {});
  });
  await new Promise<void>((resolve) => registry.listen(socketPath, resolve));
  cleanup.add("registry", () => void registry.close());
  const port = await openFront(socketPath);

  const hidden = "PUT /v2/app/manifests/v1 HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n";
  const body = header.endsWith("chunked")
    ? `${hidden.length.toString(16)}\r\n${hidden}\r\n0\r\n\r\n`
    : hidden;
  const length = header.endsWith("chunked") ? "" : `content-length: ${hidden.length}\r\n`;
  const client = connect(port, "127.0.0.1");
  client.write(`${method} /v2/ HTTP/1.1\r\nhost: x\r\n${header}\r\n${length}\r\n${body}`);
  await new Promise((resolve) => client.once("data", resolve));
  client.destroy();
  expect(seen).toMatch(new RegExp(`^${method} /v2/ HTTP/1.1\r\n`));
  expect(seen).not.toContain("PUT");
});

test("the type of what is sent passes, also where it is said to be the connection's", async () => {
  const socketPath = join(cleanup.temporaryFolder(), "socket");
  const registry = createServer((incoming, response) =>
    response.end(String(incoming.headers["content-type"])),
  );
  await new Promise<void>((resolve) => registry.listen(socketPath, resolve));
  cleanup.add("registry", () => void registry.close());
  const port = await openFront(socketPath);
  const headers = { connection: "content-type", "content-type": "text/x" };
  const answer = await new Promise((resolve) => {
    const outgoing = request({ host: "127.0.0.1", port, method: "PUT", headers }, (response) =>
      response.once("data", (bytes) => resolve(String(bytes))),
    );
    outgoing.end("x");
  });
  expect(answer).toBe("text/x");
});

test("a registry that says nothing is not waited for without an end", async () => {
  const socketPath = join(cleanup.temporaryFolder(), "socket");
  const registry = createServer(() => {});
  await new Promise<void>((resolve) => registry.listen(socketPath, resolve));
  cleanup.add("registry", () => {
    registry.closeAllConnections();
    registry.close();
  });
  const backend = new Backend(socketPath, 50);
  cleanup.add("backend", () => backend.close());
  const front = createServer(async (incoming, response) => {
    const over = untilOver(response);
    const told = await backend.ask(incoming, true, patience(), over).catch((error) => error.message);
    response.end(told);
  });
  const { port, close } = await listen("front", front, { host: "127.0.0.1", port: 0 });
  cleanup.add("front", close);
  expect(await (await fetch(`http://127.0.0.1:${port}/v2/`)).text()).toBe("the registry is silent");
});

test("a client that leaves is not asked for any longer: the registry hears of it before it has an answer", async () => {
  const socketPath = join(cleanup.temporaryFolder(), "socket");
  const heard: string[] = [];
  const registry = createServer((incoming) => {
    heard.push("asked");
    incoming.socket.on("close", () => heard.push("left"));
  });
  await new Promise<void>((resolve) => registry.listen(socketPath, resolve));
  cleanup.add("registry", () => void registry.close());
  const backend = new Backend(socketPath, 60_000);
  cleanup.add("backend", () => backend.close());
  const front = createServer((incoming, response) => {
    backend.ask(incoming, true, patience(), untilOver(response)).catch(() => {});
  });
  const { port, close } = await listen("front", front, { host: "127.0.0.1", port: 0 });
  cleanup.add("front", close);
  const client = connect(port, "127.0.0.1");
  client.write("GET /v2/_catalog HTTP/1.1\r\nhost: x\r\n\r\n");
  await expect.poll(() => heard).toEqual(["asked"]);
  client.destroy();
  await expect.poll(() => heard).toEqual(["asked", "left"]);
});
