import { createServer } from "node:http";
import { afterAll, expect, test } from "vitest";
import { latestValues } from "../../../../provisioner/up/collector-client.ts";
import { Cleanup } from "../../../support/cleanup.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

async function collectorAnswering(status: number, body: string): Promise<string> {
  const server = createServer((_, response) => response.writeHead(status).end(body));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanup.add("server", () => void server.close());
  const address = server.address();
  return `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
}

test("numbers come through, values that JSON writes as text do not", async () => {
  const values = [
    { name: "a", labels: {}, timestampMs: 1, value: 2 },
    { name: "b", labels: {}, timestampMs: 1, value: "NaN" },
  ];

  expect(await latestValues(await collectorAnswering(200, JSON.stringify({ values })), "10.0.0.1")).toEqual([
    values[0],
  ]);
});

test("a machine that was never heard of has no values; any other answer is an error", async () => {
  expect(await latestValues(await collectorAnswering(404, "nothing"), "10.0.0.1")).toEqual([]);
  await expect(latestValues(await collectorAnswering(503, "busy"), "10.0.0.1")).rejects.toThrow(
    /status 503: busy/,
  );
});
