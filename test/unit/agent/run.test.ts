import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { readOptions } from "../../../agent/options.ts";
import { requireWork, runAgent } from "../../../agent/run.ts";
import { Cleanup } from "../../support/cleanup.ts";
import { waitFor } from "../../support/wait-for.ts";

const cleanup = new Cleanup();
afterEach(async () => {
  process.removeAllListeners("SIGHUP");
  await cleanup.run();
});

test("nowhere to push to is a usage error", async () => {
  const options = await readOptions({});

  expect(() => requireWork(options)).toThrow("nowhere to push to");
  await expect(runAgent(async () => options, AbortSignal.abort())).rejects.toMatchObject({ code: "USAGE" });
  expect(requireWork(await readOptions({ listen: ":0" }))).toMatchObject({ destinations: [] });
});

test("pushes until stopped, to every destination, and once more at the end", async () => {
  const received = new Map<string | undefined, number>();
  const server = createServer((request, response) => {
    if (request.method === "POST") received.set(request.url, (received.get(request.url) ?? 0) + 1);
    request.resume().on("end", () => response.writeHead(204).end());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanup.add("server", () => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const push = ["/a", "/b"].map((path) => `remote-write+http://127.0.0.1:${port}${path}`);
  const stop = new AbortController();
  const running = runAgent(
    () => readOptions({ ip: "10.0.0.7", interval: "1s", push, spool: "none", "log-level": "error" }),
    stop.signal,
  );
  await waitFor("the first samples", () => received.size === 2);
  stop.abort();
  await running;

  expect(Math.min(...received.values())).toBeGreaterThanOrEqual(2);
});
