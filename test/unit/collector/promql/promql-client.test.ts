import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { openPromqlClient, parseMatrix } from "../../../../collector/promql/promql-client.ts";
import { parsePromqlUrl } from "../../../../collector/promql/promql-url.ts";
import { Cleanup } from "../../../support/cleanup.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const EMPTY = JSON.stringify({ status: "success", data: { resultType: "matrix", result: [] } });

/** A server that answers everything with `body`, and a client of it. */
async function open(status: number, body: string) {
  const asked: string[] = [];
  const server = createServer(async (request, response) => {
    const fields = Buffer.concat(await request.toArray()).toString();
    asked.push(`${request.method} ${request.url} ${fields} ${request.headers.authorization ?? ""}`.trim());
    response.writeHead(status).end(body);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  cleanup.add("server", () => void server.close());
  const { port } = server.address() as AddressInfo;
  const client = await openPromqlClient(
    parsePromqlUrl("", `prometheus+http://u:p@127.0.0.1:${port}/prefix/`),
  );
  cleanup.add("client", () => client.close());
  return { client, asked, name: `prometheus+http://127.0.0.1:${port}/prefix` };
}

test("windows are asked for at their ends, samples as a range up to an end", async () => {
  const { client, asked } = await open(200, EMPTY);
  expect(await client.atWindows("a", { fromMs: 60_000, toMs: 150_000, stepMs: 60_000 })).toEqual([]);
  expect(await client.samples("{b}", { fromMs: 1000, toMs: 3500 })).toEqual([]);
  expect(asked).toEqual([
    "POST /prefix/api/v1/query_range query=a&start=120&end=180&step=60 Basic dTpw",
    "POST /prefix/api/v1/query query=%7Bb%7D%5B2500ms%5D&time=3.5 Basic dTpw",
  ]);
});

test("times in milliseconds, values as they are; a sample on the left end is not in the range", async () => {
  const values = [
    [1, "1"],
    [1.5, "NaN"],
    [2.001, "+Inf"],
    [3, "-1e3"],
  ];
  const result = [{ metric: { __name__: "b", cpu: "0" }, values }];
  const answer = JSON.stringify({ status: "success", data: { resultType: "matrix", result } });
  const { client } = await open(200, answer);
  expect(await client.samples("{b}", { fromMs: 1000, toMs: 3500 })).toEqual([
    {
      labels: { __name__: "b", cpu: "0" },
      samples: { times: [1500, 2001, 3000], values: [Number.NaN, Number.POSITIVE_INFINITY, -1000] },
    },
  ]);
});

test.for([
  [422, '{"status":"error","error":"too many samples"}', "too many samples"],
  [200, "<html>log in</html>", "HTTP 200: not an answer to PromQL"],
  [502, "", "HTTP 502: not an answer to PromQL"],
  [200, '{"status":"success","data":{"resultType":"vector","result":[]}}', "a vector, not a matrix"],
] as const)("%i %j", async ([status, body, why]) => {
  const { client, name } = await open(status, body);
  await expect(client.samples("{b}", { fromMs: 0, toMs: 1 })).rejects.toMatchObject({
    status: 502,
    message: `history of ${name}: ${why}`,
  });
  expect(() => parseMatrix(status, body)).toThrow(why);
});

test("nobody there", async () => {
  const client = await openPromqlClient(parsePromqlUrl("", "prometheus+http://127.0.0.1:1"));
  cleanup.add("client", () => client.close());
  await expect(client.samples("{b}", { fromMs: 0, toMs: 1 })).rejects.toMatchObject({ status: 502 });
});
