import { createServer } from "node:http";
import { expect, test } from "vitest";
import { listen } from "../../../../provisioner/registry/listen.ts";

test("listens, is in another's way, and is gone, whoever is connected", async () => {
  const server = createServer(() => {}); // answers nobody
  const { port, close } = await listen("one", server, { host: "127.0.0.1", port: 0 });
  const asked = fetch(`http://127.0.0.1:${port}/`).then(
    () => "answered",
    () => "closed",
  );
  await new Promise((resolve) => server.once("request", resolve));
  await expect(listen("another", createServer(), { host: "127.0.0.1", port })).rejects.toThrow(
    `another: cannot listen at 127.0.0.1:${port}`,
  );
  await close();
  expect(await asked).toBe("closed");
});

test("drains: what is under way comes to its end, and what does not is ended", async () => {
  const server = createServer((_request, response) => void setTimeout(() => response.end("done"), 300));
  const { port, drain } = await listen("one", server, { host: "127.0.0.1", port: 0 });
  const asked = fetch(`http://127.0.0.1:${port}/`).then((answer) => answer.text());
  await new Promise((resolve) => server.once("request", resolve));
  const drained = drain(60_000);
  await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow();
  expect(await asked).toBe("done");
  await drained;

  const stuck = createServer(() => {});
  const second = await listen("stuck", stuck, { host: "127.0.0.1", port: 0 });
  const unanswered = fetch(`http://127.0.0.1:${second.port}/`).catch(() => "closed");
  await new Promise((resolve) => stuck.once("request", resolve));
  await second.drain(50);
  expect(await unanswered).toBe("closed");
});
