import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { afterEach, expect, test } from "vitest";
import { DEFAULT_SETTINGS } from "../../../../agent/push-settings.ts";
import { openPageFetcher } from "../../../../agent/scrape/fetch-page.ts";
import { Cleanup } from "../../../support/cleanup.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

async function serve(listener: RequestListener, path = "/metrics", maxBytes = 1000, timeoutMs = 5000) {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanup.add("server", () => {
    server.closeAllConnections();
    server.close();
  });
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`);
  return openPageFetcher(url, { ...DEFAULT_SETTINGS, timeoutMs, headers: { "x-own": "1" } }, maxBytes);
}

test("asks as Prometheus does, and reads plain, zipped and OpenMetrics pages", async () => {
  const asked: unknown[] = [];
  const fetcher = await serve((request, response) => {
    asked.push([request.url, request.headers]);
    if (asked.length === 1) response.end("a 1\n");
    else if (asked.length === 2) response.setHeader("content-encoding", "gzip").end(gzipSync("b 1\n"));
    else response.setHeader("content-type", "application/openmetrics-text; version=1.0.0").end("# EOF\n");
  }, "/metrics?x=1");

  expect(await fetcher.fetch()).toEqual({ text: "a 1\n", format: "text" });
  expect(await fetcher.fetch()).toEqual({ text: "b 1\n", format: "text" });
  expect(await fetcher.fetch()).toEqual({ text: "# EOF\n", format: "openmetrics" });
  expect(asked[0]).toMatchObject([
    "/metrics?x=1",
    {
      accept: expect.stringContaining("application/openmetrics-text;version=1.0.0"),
      "accept-encoding": "gzip",
      "x-prometheus-scrape-timeout-seconds": "5",
      "x-own": "1",
    },
  ]);
});

test("follows a redirect on the same server, not to another, and not for ever", async () => {
  const fetcher = await serve((request, response) => {
    if (request.url === "/metrics") response.writeHead(301, { location: "/metrics/" }).end();
    else response.end("a 1\n");
  });
  expect((await fetcher.fetch()).text).toBe("a 1\n");
  const elsewhere = await serve((_, response) =>
    response.writeHead(302, { location: "http://127.0.0.2/" }).end(),
  );
  await expect(elsewhere.fetch()).rejects.toThrow("redirected to another server, http://127.0.0.2");
  const round = await serve((_, response) => response.writeHead(302, { location: "/metrics" }).end());
  await expect(round.fetch()).rejects.toThrow("more than 10 redirects");
});

test.each<[string, RequestListener, string]>([
  ["an error", (_, response) => response.writeHead(503).end(), "HTTP 503"],
  ["a large page", (_, response) => response.end("x".repeat(1001)), "larger than 1000 bytes"],
  [
    "a page that is large when unzipped",
    (_, response) => response.setHeader("content-encoding", "gzip").end(gzipSync("x".repeat(2000))),
    "larger than 1000 bytes",
  ],
  [
    "what is not gzip",
    (_, response) => response.setHeader("content-encoding", "gzip").end("plain"),
    "cannot be unzipped",
  ],
  ["what is not text", (_, response) => response.end(Buffer.from([0xff, 0xfe])), "not UTF-8"],
  [
    "half an answer",
    (_, response) => response.writeHead(200, { "content-length": 9 }).write("a", () => response.destroy()),
    "aborted",
  ],
  [
    "an answer to a question that nobody asked",
    ({ socket }) => void socket.write("HTTP/1.1 101 Go\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n"),
    "closed without an answer",
  ],
])("%s is no page", async (_, listener, message) => {
  await expect((await serve(listener)).fetch()).rejects.toThrow(message);
});

test("a page that does not come, or does not end, is given up in time", async () => {
  const silent = await serve(() => {}, "/", 1000, 100);
  await expect(silent.fetch()).rejects.toThrow("no page within 100 ms");
  const endless = await serve((_, response) => void response.write("a 1\n"), "/", 1000, 100);
  await expect(endless.fetch()).rejects.toThrow("no page within 100 ms");
});

test("a connection that was closed while it was idle is made anew", async () => {
  let answered = 0;
  const fetcher = await serve((request, response) => {
    answered += 1;
    response.end("a 1\n", () => setTimeout(() => request.socket.destroy(), 5));
  });
  for (let i = 0; i < 5; i++) await fetcher.fetch();

  expect(answered).toBe(5);
});
