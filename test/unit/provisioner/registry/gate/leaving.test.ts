import { createServer, type ServerResponse } from "node:http";
import { connect } from "node:net";
import { afterAll, expect, test } from "vitest";
import { untilOver } from "../../../../../provisioner/registry/gate/leaving.ts";
import { listen } from "../../../../../provisioner/registry/listen.ts";
import { Cleanup } from "../../../../support/cleanup.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

async function openServer(handle: (response: ServerResponse) => void): Promise<number> {
  const server = createServer((_request, response) => handle(response));
  const { port, close } = await listen("server", server, { host: "127.0.0.1", port: 0 });
  cleanup.add("server", close);
  return port;
}
const REQUEST = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";

test("of requests that are sent one behind another each is over when the connection is lost", async () => {
  const signals: AbortSignal[] = [];
  const port = await openServer((response) => signals.push(untilOver(response)));
  const client = connect(port, "127.0.0.1");
  client.write(REQUEST.repeat(20));
  await expect.poll(() => signals.length).toBe(20);
  expect(signals.filter(({ aborted }) => aborted)).toEqual([]);
  client.destroy();
  await expect.poll(() => signals.filter(({ aborted }) => aborted).length).toBe(20);
});

test("a request is over when it is answered, and nothing of it stays with a connection that is kept", async () => {
  const over: boolean[] = [];
  let listeners = 0;
  const port = await openServer((response) => {
    listeners = response.req.socket.listenerCount("close");
    untilOver(response).addEventListener("abort", () => over.push(response.writableFinished));
    response.end("x");
  });
  const client = connect(port, "127.0.0.1");
  cleanup.add("client", () => void client.destroy());
  client.write(REQUEST);
  await expect.poll(() => over).toEqual([true]);
  const first = listeners;
  client.write(REQUEST);
  await expect.poll(() => over).toEqual([true, true]);
  expect(listeners).toBe(first);
});
