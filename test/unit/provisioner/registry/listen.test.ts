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
