import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type Call, RegistryConnection } from "../../../../provisioner/registry/connection.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { answering, MemoryRegistry } from "../../../support/memory-registry.ts";

const cleanup = new Cleanup();
const CALL: Call = { method: "GET", target: "a/x", what: "a:x", scope: "repository:a:pull", ok: [200] };
let server: MemoryRegistry;
let connection: RegistryConnection;

beforeAll(async () => {
  server = await new MemoryRegistry().start(cleanup);
  connection = new RegistryConnection({ url: server.url, patienceMs: 300 });
  cleanup.add("client", () => connection.close());
});
beforeEach(() => {
  server.intercept = undefined;
  server.requests.length = 0;
});
afterAll(() => cleanup.run());

test("a server error is asked again, and told when it stays", async () => {
  let failures = 2;
  server.intercept = (...request) => answering(failures-- > 0 ? 500 : 200, "fine")(...request);
  expect((await connection.read(CALL, 100)).bytes.toString()).toBe("fine");

  failures = 100;
  await expect(connection.call(CALL)).rejects.toThrow(
    /^registry 127\.0\.0\.1:\d+: GET a:x: status 500: fine$/,
  );
  server.requests.length = 0;
  await expect(connection.call({ ...CALL, method: "POST" })).rejects.toThrow("POST a:x");
  expect(server.requests).toHaveLength(1);
});

test("a registry that hangs is an error within the deadline", async () => {
  server.intercept = () => true;
  await expect(connection.call({ ...CALL, method: "PUT" })).rejects.toThrow("PUT a:x: no answer");
});

test("one that is not there says so", async () => {
  const absent = new RegistryConnection({ url: "http://127.0.0.1:1" });
  await expect(absent.call({ ...CALL, method: "PUT" })).rejects.toThrow(/no answer: .*ECONNREFUSED/);
  await absent.close();
});

test("a redirect is followed without the authorization; a circle of them ends", async () => {
  const seen: (string | undefined)[] = [];
  const store = createServer((request, response) => {
    seen.push(request.headers.authorization);
    response.end("from the store");
  });
  await new Promise<void>((resolve) => store.listen(0, "127.0.0.1", resolve));
  cleanup.add("store", () => void store.close());
  const signedIn = new RegistryConnection({ url: server.url, credentials: { username: "u", password: "p" } });
  cleanup.add("client", () => signedIn.close());
  server.intercept = ({ headers }, response) => {
    const location = `http://127.0.0.1:${(store.address() as AddressInfo).port}/blob`;
    if (headers.authorization === undefined) response.writeHead(401, { "www-authenticate": "Basic" }).end();
    else response.writeHead(307, { location }).end();
    return true;
  };
  expect((await signedIn.read(CALL, 100)).bytes.toString()).toBe("from the store");
  expect(seen).toEqual([undefined]);

  server.intercept = answering(307, "", { location: "/again" });
  await expect(connection.call(CALL)).rejects.toThrow("too many redirects");
  server.intercept = answering(307, "", { location: "file:///etc/passwd" });
  await expect(connection.call(CALL)).rejects.toThrow('leads to "file:///etc/passwd"');
});

test("a registry that is never satisfied is asked twice, not for ever", async () => {
  const refused = new RegistryConnection({ url: server.url, credentials: { username: "u", password: "p" } });
  cleanup.add("client", () => refused.close());
  server.intercept = answering(401, "", { "www-authenticate": "Basic" });
  await expect(refused.call(CALL)).rejects.toMatchObject({
    status: 401,
    hint: expect.stringContaining("user and password"),
  });
  expect(server.requests).toHaveLength(2);
});

test("a file of certificates that is none", () => {
  const file = join(cleanup.temporaryFolder(), "missing.pem");
  expect(() => new RegistryConnection({ url: "https://a", caFile: file })).toThrow("missing.pem");
  writeFileSync(file, "no certificate");
});
