import { createServer, type IncomingHttpHeaders, request } from "node:http";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { Backend, reply } from "../../../../../provisioner/registry/gate/forward.ts";
import { listen } from "../../../../../provisioner/registry/listen.ts";
import { Cleanup } from "../../../../support/cleanup.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

test("headers of the content pass, those of the connection stay; who asks is added and cannot be made up", async () => {
  const socketPath = join(cleanup.temporaryFolder(), "socket");
  let seen: IncomingHttpHeaders = {};
  const registry = createServer((incoming, response) => {
    seen = incoming.headers;
    incoming.pipe(response.writeHead(207, { "x-answer": "1", connection: "x-own", "x-own": "2" }));
  });
  await new Promise<void>((resolve) => registry.listen(socketPath, resolve));
  cleanup.add("registry", () => void registry.close());
  const backend = new Backend(socketPath);
  cleanup.add("backend", () => backend.close());
  const front = createServer(async (incoming, response) =>
    reply(await backend.ask(incoming, true), response),
  );
  const { port, close } = await listen("front", front, { host: "127.0.0.1", port: 0 });
  cleanup.add("front", close);

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
