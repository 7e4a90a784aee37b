import { request } from "node:http";
import { gunzipSync } from "node:zlib";
import { afterEach, expect, test } from "vitest";
import { openListener, parseListen, type Reported } from "../../../agent/listener.ts";
import { gauge, point } from "../../../agent/metric.ts";
import { Cleanup } from "../../support/cleanup.ts";
import { freePort } from "../../support/free-port.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const REPORTED: Reported = {
  page: () => [point(gauge("node_load1", "Load."), {}, 0.5, 0)],
  notAlive: () => undefined,
  notReady: () => "no address yet",
};

async function open(): Promise<number> {
  const port = await freePort();
  const listener = await openListener({ host: "127.0.0.1", port }, REPORTED);
  cleanup.add("listener", () => listener.close());
  return port;
}

interface Got {
  readonly status: number | undefined;
  readonly type: string | undefined;
  readonly body: Buffer;
}

function get(port: number, path: string, headers = {}, method = "GET"): Promise<Got> {
  return new Promise((resolve, reject) => {
    const asked = request({ port, host: "127.0.0.1", path, headers, method }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () =>
        resolve({
          status: response.statusCode,
          type: response.headers["content-type"],
          body: Buffer.concat(chunks),
        }),
      );
    });
    asked.on("error", reject).end();
  });
}

test("the page is text 0.0.4, or OpenMetrics for those who ask for it, compressed where that is wanted", async () => {
  const port = await open();
  const plain = await get(port, "/metrics");
  expect(plain.type).toMatch(/^text\/plain; version=0\.0\.4/);
  expect(String(plain.body)).toBe("# HELP node_load1 Load.\n# TYPE node_load1 gauge\nnode_load1 0.5\n");

  const accept = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5";
  const open_ = await get(port, "/metrics?x=1", { accept, "accept-encoding": "gzip" });
  expect(open_.type).toMatch(/^application\/openmetrics-text; version=1\.0\.0/);
  expect(String(gunzipSync(open_.body))).toMatch(/node_load1 0\.5\n# EOF\n$/);
});

test("health is 200 or 503 with the reason; what is not there is 404, what is not asked for 405", async () => {
  const port = await open();
  const answers = [
    await get(port, "/healthz"),
    await get(port, "/readyz"),
    await get(port, "/"),
    await get(port, "/metrics", {}, "POST"),
  ];

  expect(answers.map(({ status, body }) => [status, String(body)])).toEqual([
    [200, "ok\n"],
    [503, "no address yet\n"],
    [404, "/metrics, /healthz or /readyz\n"],
    [405, "GET only\n"],
  ]);
});

test("an address that is taken is an error that names it", async () => {
  const port = await open();

  await expect(openListener({ host: "127.0.0.1", port }, REPORTED)).rejects.toThrow(
    `listen on 127.0.0.1:${port}`,
  );
});

test.for([
  ["127.0.0.1:9466", "127.0.0.1", 9466],
  ["localhost:80", "localhost", 80],
  ["[::1]:9466", "::1", 9466],
  [":9466", "", 9466],
] as const)("%s is an address to listen on", ([value, host, port]) => {
  expect(parseListen({ option: "--listen", value })).toEqual({ host, port });
});

test.for(["9466", "127.0.0.1", "::1:9466", "[::1]", "a:70000", "http://a:1"])("%s is none", (value) => {
  expect(() => parseListen({ option: "--listen", value })).toThrow("--listen");
});
