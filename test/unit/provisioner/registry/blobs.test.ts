import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { Blobs } from "../../../../provisioner/registry/blobs.ts";
import { RegistryConnection } from "../../../../provisioner/registry/connection.ts";
import type { Descriptor } from "../../../../provisioner/registry/digest-check.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { answering, MemoryRegistry, sha256 } from "../../../support/memory-registry.ts";

const cleanup = new Cleanup();
const CONTENT = Buffer.from("0123456789".repeat(10));
const BLOB: Descriptor = { mediaType: "", digest: sha256(CONTENT), sizeBytes: CONTENT.length };
let server: MemoryRegistry;
let connection: RegistryConnection;
let blobs: Blobs;

beforeAll(async () => {
  server = await new MemoryRegistry().start(cleanup);
  connection = new RegistryConnection({ url: server.url, patienceMs: 2000 });
  blobs = new Blobs(connection);
  cleanup.add("client", () => connection.close());
});
beforeEach(() => {
  server.intercept = undefined;
  server.repositories.clear();
  server.requests.length = 0;
});
afterAll(() => cleanup.run());

async function* slice(from: number, to: number, bytes: Buffer = CONTENT): AsyncGenerator<Uint8Array> {
  yield bytes.subarray(from, to);
}

async function readAll(): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of blobs.read("a", BLOB)) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

test("read, written and mounted", async () => {
  expect(await blobs.has("a", BLOB.digest)).toBe(false);
  expect(await blobs.mount("a", BLOB.digest, "b")).toBe(false);
  await blobs.write("a", BLOB, slice);
  expect(await blobs.has("a", BLOB.digest)).toBe(true);
  expect(await readAll()).toBe(CONTENT.toString());
  expect(await blobs.mount("b", BLOB.digest, "a")).toBe(true);
  expect(server.repository("b").blobs.has(BLOB.digest)).toBe(true);
});

test("an empty blob", async () => {
  const empty = { mediaType: "", digest: sha256(""), sizeBytes: 0 };
  await blobs.write("a", empty, slice);
  expect(server.repository("a").blobs.get(empty.digest)).toHaveLength(0);
});

test("a connection that breaks is taken up where it broke", async () => {
  server.putBlob("a", CONTENT);
  let breaks = 2;
  server.intercept = ({ method, headers }, response) => {
    if (method !== "GET" || breaks-- <= 0) return false;
    const from = Number(/=(\d+)/.exec(headers.range ?? "")?.[1]);
    response.writeHead(206, { "content-range": `bytes ${from}-99/100`, "content-length": 100 - from });
    response.write(CONTENT.subarray(from, from + 30), () => response.destroy());
    return true;
  };

  expect(await readAll()).toBe(CONTENT.toString());
  expect(server.requests).toHaveLength(3);
});

test("a server without ranges is read from its beginning again, and nothing comes twice", async () => {
  let breaks = 1;
  server.intercept = (_request, response) => {
    const isBroken = breaks-- > 0;
    response.writeHead(200, { "content-length": 100 });
    if (isBroken) response.write(CONTENT.subarray(0, 33), () => response.destroy());
    else response.end(CONTENT);
    return true;
  };
  expect(await readAll()).toBe(CONTENT.toString());
});

test("a server that answers with another range is refused", async () => {
  server.intercept = answering(206, "", { "content-range": "bytes 5-99/100" });
  await expect(readAll()).rejects.toThrow('answers with "bytes 5-99/100", asked from 0 on');
});

test("a truncated blob and one with a wrong content: an error, and nothing is completed", async () => {
  server.intercept = answering(206, "", { "content-range": "bytes 0-99/100" });
  await expect(readAll()).rejects.toThrow("broke off 6 times, after 0 of 100 bytes");

  server.intercept = undefined;
  const wrong = Buffer.from("9".repeat(100));
  await expect(blobs.write("a", BLOB, (from, to) => slice(from, to, wrong))).rejects.toThrow(
    `blob a@${BLOB.digest}: its content is ${sha256(wrong)}`,
  );
  expect(server.repository("a").blobs.size).toBe(0);
});

test("a large blob goes up in pieces, and after a failure on from what the registry has", async () => {
  const pieces = new Blobs(connection, 30);
  let failures = 2;
  server.intercept = ({ method, headers }, response) => {
    if (method !== "PATCH" || headers["content-range"] !== "30-59" || failures-- <= 0) return false;
    response.writeHead(503).end();
    return true;
  };

  await pieces.write("a", BLOB, slice);
  expect(server.repository("a").blobs.get(BLOB.digest)).toEqual(CONTENT);
  expect(server.requests.filter((line) => line.startsWith("PATCH"))).toHaveLength(5);
});

test("a source that fails while it is sent ends the upload, in the source's words", async () => {
  async function* failing(): AsyncGenerator<Uint8Array> {
    yield CONTENT.subarray(0, 10);
    throw new Error("the disk is gone");
  }
  await expect(blobs.write("a", BLOB, failing)).rejects.toThrow("the disk is gone");
  expect(server.repository("a").blobs.size).toBe(0);
});
