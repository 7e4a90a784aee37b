import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { openEtcdGateway } from "../../../../provisioner/store/etcd-gateway.ts";

/** What etcd itself does is etcd.test.ts's; here is what other things that answer do. */
let server: Server;
let calls = 0;
const gateways: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const gateway of gateways.splice(0)) await gateway.close();
  server.close();
});

async function serve(answer: (respond: import("node:http").ServerResponse) => void): Promise<string> {
  calls = 0;
  server = createServer((request, response) => {
    calls++;
    request.resume().on("end", () => answer(response));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function open(...endpoints: string[]): ReturnType<typeof openEtcdGateway> {
  const gateway = openEtcdGateway("etcd+x", endpoints);
  gateways.push(gateway);
  return gateway;
}

test("etcd's own reason is the message", async () => {
  const url = await serve((response) =>
    response.writeHead(503).end('{"error":"etcdserver: no leader","code":14}'),
  );

  await expect(open(url).call("kv/range", {})).rejects.toThrow("store etcd+x: etcdserver: no leader");
});

test.for([
  [200, "<html>", "no etcd answers there"],
  [404, "404 page not found\n", "404 page not found"],
  [500, "", "status 500"],
] as const)("%i %j is one clear error", async ([status, text, message]) => {
  const url = await serve((response) => response.writeHead(status).end(text));

  await expect(open(url).call("kv/range", {})).rejects.toThrow(`store etcd+x: ${message}`);
});

test("a request that may have been carried out is not sent to another member", async () => {
  const url = await serve((response) => response.destroy());

  await expect(open(url, url).call("kv/txn", {})).rejects.toThrow("store etcd+x: no answer");
  expect(calls).toBe(1);
});

test("an answer cut in the middle is no answer", async () => {
  const url = await serve((response) => {
    response.writeHead(200, { "content-length": "100" }).write("{");
    setTimeout(() => response.destroy(), 20);
  });

  await expect(open(url).call("kv/range", {})).rejects.toThrow("store etcd+x: no answer");
});

test("lines of a stream are put together from whatever chunks they come in", async () => {
  const url = await serve((response) => {
    const parts = ['{"a":"é', '"}\n{"a"', ":2}\n", '{"cut":'];
    for (const [i, part] of parts.entries()) setTimeout(() => response.write(part), 20 * i);
    setTimeout(() => response.end(), 20 * parts.length);
  });
  const lines: unknown[] = [];
  for await (const line of open(url).stream("watch", {}, new AbortController().signal)) lines.push(line);

  expect(lines).toEqual([{ a: "é" }, { a: 2 }]);
});
