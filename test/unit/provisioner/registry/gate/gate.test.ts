import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { type RequestOptions, request, type ServerResponse } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { afterAll, beforeEach, expect, test } from "vitest";
import { openGate } from "../../../../../provisioner/registry/gate/gate.ts";
import { type GateLimits, LIMITS } from "../../../../../provisioner/registry/gate/limits.ts";
import { Verdicts } from "../../../../../provisioner/registry/gate/verdicts.ts";
import { Cleanup } from "../../../../support/cleanup.ts";
import { makeTar } from "../../../../support/make-tar.ts";
import { answering, MANIFEST, MemoryRegistry } from "../../../../support/memory-registry.ts";
import { recordLog } from "../../../../support/record-log.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());
const SETUID = makeTar([{ name: "usr/bin/su", mode: 0o4755 }]);
const PLAIN = makeTar([{ name: "etc/motd", content: "hello" }]);
let memory: MemoryRegistry;
let policy = "";
let port = 0;
let socketPath = "";

beforeEach(async () => {
  const folder = cleanup.temporaryFolder();
  socketPath = join(folder, "socket");
  policy = join(folder, "policy.yaml");
  writeFileSync(policy, JSON.stringify({ setuid: [] }));
  memory = await new MemoryRegistry().start(cleanup, socketPath);
  const verdicts = new Verdicts(policy);
  const gate = await openGate(
    { host: "127.0.0.1", port: 0 },
    { name: "registry.test", socketPath, verdicts, tls: undefined, log: recordLog(), drainMs: 1000 },
  );
  cleanup.add("gate", () => gate.close());
  port = gate.port;
});

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
  /** Of the first error that it tells. */
  readonly code: string | undefined;
}

/** By node:http, which takes a path as it is. */
function ask(
  method: string,
  path: string,
  body: string | Uint8Array = "",
  headers: Readonly<Record<string, string>> = {},
  more: RequestOptions = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = { "content-length": `${Buffer.byteLength(body)}`, ...headers };
    const options = { host: "127.0.0.1", port, method, path, headers: sent, ...more };
    const outgoing = request(options, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => {
        const text = Buffer.concat(chunks).toString();
        const code = text.startsWith('{"errors"') ? JSON.parse(text).errors[0].code : undefined;
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text, code });
      });
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

/** A manifest whose parts the registry has, as a client would push it. */
function made(layer: Uint8Array, about: object = {}): string {
  const digest = memory.putImage("team/app", undefined, layer, about);
  const { manifests } = memory.repository("team/app");
  const bytes = manifests.get(digest)?.bytes.toString() ?? "";
  manifests.delete(digest);
  return bytes;
}
const push = (tag: string, manifest: string, type: string = MANIFEST): Promise<Answer> =>
  ask("PUT", `/v2/team/app/manifests/${tag}`, manifest, { "content-type": type });

test("an image as the policy wants it passes, byte for byte; one that is not is refused with the reasons", async () => {
  const plain = made(PLAIN);
  expect(await push("v1", plain)).toMatchObject({
    status: 201,
    headers: { "docker-content-digest": expect.any(String) },
  });
  expect((await ask("GET", "/v2/team/app/manifests/v1")).body).toBe(plain);

  const refused = await push("v2", made(SETUID));
  expect(refused).toMatchObject({
    status: 403,
    code: "DENIED",
    headers: { "content-type": "application/json" },
  });
  expect(JSON.parse(refused.body).errors[0]).toEqual({
    code: "DENIED",
    message: "the policy refuses team/app:v2: setuid-not-allowed: usr/bin/su (4755)",
    detail: ["setuid-not-allowed: usr/bin/su (4755)"],
  });
  expect(memory.tagsOf("team/app")).toEqual({ v1: expect.any(String) });
});

test("each image is looked into once, until the policy changes", async () => {
  const manifest = made(SETUID);
  const reads = (): number =>
    memory.requests.filter((line) => line.startsWith("GET") && line.includes("blobs")).length;
  await Promise.all([push("v1", manifest), push("v2", manifest)]);
  const before = reads();
  expect((await push("v3", manifest)).status).toBe(403);
  expect(reads()).toBe(before);
  writeFileSync(policy, JSON.stringify({ setuid: ["usr/bin/su"] }));
  expect((await push("v3", manifest)).status).toBe(201);
  writeFileSync(policy, "- no policy");
  expect(await push("v4", manifest)).toMatchObject({ status: 503, code: "UNAVAILABLE" });
});

test("whoever may not push hears so from the registry, and nothing is read for him", async () => {
  const manifest = made(SETUID);
  memory.intercept = (request, response) => {
    if (request.headers.authorization === "Bearer good") return false;
    response.writeHead(401, {
      "www-authenticate": 'Bearer realm="https://x/token"',
      "content-type": "application/json",
    });
    response.end('{"errors":[{"code":"UNAUTHORIZED"}]}');
    return true;
  };
  const refused = await push("v1", manifest);
  expect(refused).toMatchObject({ status: 401, code: "UNAUTHORIZED" });
  expect(refused.headers["www-authenticate"]).toBe('Bearer realm="https://x/token"');
  expect(memory.requests.filter((line) => line.startsWith("GET"))).toEqual([]);
  // The parts are read with the rights of whoever pushes.
  const headers = { "content-type": MANIFEST, authorization: "Bearer good" };
  expect((await ask("PUT", "/v2/team/app/manifests/v1", manifest, headers)).code).toBe("DENIED");
});

const UNFIT: readonly (readonly [what: string, manifest: () => string, status: number, code: string])[] = [
  [
    "a part that is not there",
    () => made(SETUID).replace(/"digest":"sha256:../, '"digest":"sha256:00'),
    400,
    "MANIFEST_BLOB_UNKNOWN",
  ],
  ["no archive", () => made(Buffer.from("nothing like it".repeat(100))), 403, "DENIED"],
  ["no JSON", () => "{", 400, "MANIFEST_INVALID"],
  ["a lookalike", () => made(SETUID).replace('"layers"', '"LAYERS"'), 400, "MANIFEST_INVALID"],
  ["more than a manifest has", () => " ".repeat(5 * 2 ** 20), 413, "MANIFEST_INVALID"],
];

test.each(UNFIT)("what cannot be looked into does not pass: %s", async (_, manifest, status, code) => {
  expect(await push("v1", manifest())).toMatchObject({ status, code });
  expect(memory.tagsOf("team/app")).toEqual({});
});

test("a type that is not known, and a path that is not the specification's, do not pass", async () => {
  const manifest = made(SETUID);
  const old = "application/vnd.docker.distribution.manifest.v1+prettyjws";
  expect(await push("v1", manifest, old)).toMatchObject({ status: 400, code: "MANIFEST_INVALID" });
  for (const path of [
    "/v2/team/app/%6danifests/v1",
    "/v2/team//app/manifests/v1",
    "/v2/x/../team/app/manifests/v1",
  ])
    expect(await ask("PUT", path, manifest, { "content-type": MANIFEST })).toMatchObject({
      status: 400,
      code: "NAME_INVALID",
    });
  expect(memory.tagsOf("team/app")).toEqual({});
});

test("a registry that fails, breaks off or is away is told so, and may be tried again", async () => {
  const manifest = made(PLAIN);
  memory.intercept = (request, response) => {
    if (request.method !== "GET") return false;
    response.writeHead(200, { "content-length": "1000" });
    response.write("x");
    response.destroy();
    return true;
  };
  expect((await push("v1", manifest)).status).not.toBe(201);
  memory.intercept = undefined;
  expect((await push("v1", manifest)).status).toBe(201);

  memory.intercept = (_request, response) => {
    response.destroy();
    return true;
  };
  expect(await ask("GET", "/v2/")).toMatchObject({
    status: 503,
    code: "UNAVAILABLE",
    headers: { "retry-after": "1" },
  });
});

test("blobs pass both ways, however large, and what is of one connection stays there", async () => {
  const blob = Buffer.alloc(3_000_000, "blob");
  const { headers } = await ask("POST", "/v2/team/app/blobs/uploads/");
  const at = `${headers.location}&digest=${memory.putBlob("other", blob).digest}`;
  expect((await ask("PUT", at, blob, { connection: "x-mine", "x-mine": "1" })).status).toBe(201);
  const [digest = ""] = memory.repository("team/app").blobs.keys();
  expect((await ask("GET", `/v2/team/app/blobs/${digest}`)).body.length).toBe(blob.length);
  expect(await ask("HEAD", `/v2/team/app/blobs/${digest}`)).toMatchObject({
    status: 200,
    body: "",
    headers: { "content-length": `${blob.length}` },
  });
});

/** As Distribution does it: by its digest a blob is a manifest as well. */
function handOutBlobs(): void {
  memory.intercept = ({ method, url = "" }, response) => {
    const { blobs, manifests } = memory.repository("team/app");
    const digest = url.split("/manifests/")[1] ?? "";
    const bytes = manifests.has(digest) ? undefined : blobs.get(digest);
    if (bytes === undefined) return false;
    response.writeHead(200, { "content-type": MANIFEST, "content-length": bytes.length });
    response.end(method === "HEAD" ? undefined : bytes);
    return true;
  };
}

test("a manifest that was pushed as a blob is judged when it is asked for", async () => {
  handOutBlobs();
  const at = (manifest: string): string =>
    `/v2/team/app/manifests/${memory.putBlob("team/app", manifest).digest}`;
  const refused = at(made(SETUID));
  expect(await ask("GET", refused)).toMatchObject({ status: 403, code: "DENIED" });
  expect((await ask("HEAD", refused)).status).toBe(403);
  const plain = made(PLAIN);
  expect(await ask("GET", at(plain))).toMatchObject({ status: 200, body: plain });
});

test("what was pushed as a manifest is handed out as it is", async () => {
  const digest = memory.putImage("team/app", "old", SETUID);
  expect((await ask("GET", `/v2/team/app/manifests/${digest}`)).status).toBe(200);
  expect((await ask("GET", "/v2/team/app/manifests/old")).status).toBe(200);
});

test("a manifest of whoever may not push is not read", async () => {
  memory.intercept = answering(401);
  const sent = await new Promise((resolve, reject) => {
    const headers = { "content-length": "1000", "content-type": MANIFEST };
    const path = "/v2/team/app/manifests/v1";
    const outgoing = request({ host: "127.0.0.1", port, method: "PUT", path, headers }, (response) => {
      resolve(response.statusCode);
      outgoing.destroy();
    });
    outgoing.on("error", reject);
    outgoing.write("the rest never comes");
  });
  expect(sent).toBe(401);
});

const BROKEN: readonly (readonly [what: string, spoil: () => void])[] = [
  ["is gone", () => rmSync(policy)],
  [
    "is a folder",
    () => {
      rmSync(policy);
      mkdirSync(policy);
    },
  ],
  ["is no YAML", () => writeFileSync(policy, "setuid: [")],
  ["has a rule that is none", () => writeFileSync(policy, "setuids: []")],
  ["is empty, as one that was cut off", () => writeFileSync(policy, "# policy\n")],
];

test.each(BROKEN)("while the policy %s nothing is pushed, and all else goes on", async (_, spoil) => {
  const plain = made(PLAIN);
  expect((await push("v1", plain)).status).toBe(201);
  spoil();
  const refused = await push("v2", plain); // that was let through before
  expect(refused).toMatchObject({ status: 503, code: "UNAVAILABLE", headers: { "retry-after": "60" } });
  expect(refused.body).toContain("the registry's policy cannot be followed");
  expect(refused.body).not.toContain(policy);
  expect((await ask("GET", "/v2/team/app/manifests/v1")).status).toBe(200);
  rmSync(policy, { recursive: true, force: true });
  writeFileSync(policy, "setuid: []");
  expect((await push("v2", plain)).status).toBe(201);
});

/** A gate with less patience than the preset, before the same registry. */
async function openImpatient(limits: Partial<GateLimits>): Promise<void> {
  const parts = { name: "registry.test", socketPath, verdicts: new Verdicts(policy), tls: undefined };
  const gate = await openGate(
    { host: "127.0.0.1", port: 0 },
    { ...parts, log: recordLog(), drainMs: 0, limits: { ...LIMITS, ...limits } },
  );
  cleanup.add("gate", () => gate.close());
  port = gate.port;
}
const SHORT = { mostMs: 150, bytesPerSecond: 1024 };

/** Sends a byte now and then until there is an answer, whose status and headers it tells. */
function trickle(method: string, path: string): Promise<Pick<Answer, "status" | "headers">> {
  return new Promise((resolve, reject) => {
    const headers = { "content-length": "1000000", "content-type": MANIFEST };
    const outgoing = request({ host: "127.0.0.1", port, method, path, headers, agent: false }, (response) => {
      resolve({ status: response.statusCode ?? 0, headers: response.headers });
      response.resume();
    });
    const dripping = setInterval(() => outgoing.write("{"), 20);
    outgoing.on("close", () => clearInterval(dripping));
    outgoing.on("error", reject);
  });
}

test("a byte now and then is given up, of a blob and of a manifest, and the registry has no half of it", async () => {
  await openImpatient({ upload: SHORT, manifest: SHORT });
  const { headers } = await ask("POST", "/v2/team/app/blobs/uploads/");
  memory.requests.length = 0;
  const late = { status: 408, headers: { "retry-after": "1", connection: "close" } };
  expect(await trickle("PATCH", String(headers.location))).toMatchObject(late);
  expect(memory.requests).toEqual([]); // it is told of whole requests alone
  expect(await trickle("PUT", "/v2/team/app/manifests/v1")).toMatchObject(late);
  expect((await push("v1", made(PLAIN))).status).toBe(201);
});

test("one client's slow manifests are in nobody else's way, and are not even read beyond its share", async () => {
  await openImpatient({ manifests: { all: 2, each: 1 }, waitMs: 100 });
  const slow = [trickle("PUT", "/v2/team/app/manifests/a"), trickle("PUT", "/v2/team/app/manifests/b")];
  for (const each of slow) each.catch(() => {}); // the gate closes under the first
  expect(await Promise.race(slow)).toMatchObject({ status: 503, headers: { "retry-after": "30" } });
  const reading = made(PLAIN);
  const other = { localAddress: "127.0.0.2" };
  expect(
    await ask("PUT", "/v2/team/app/manifests/v1", reading, { "content-type": MANIFEST }, other),
  ).toMatchObject({ status: 201 });
});

test("a manifest that was pushed as a blob has to wait for its turn as well", async () => {
  await openImpatient({ manifests: { all: 1, each: 1 }, waitMs: 100 });
  handOutBlobs();
  trickle("PUT", "/v2/team/app/manifests/a").catch(() => {}); // the gate closes under it
  await expect.poll(() => memory.requests).toContain("PUT /v2/team/app/manifests/a");
  const { digest } = memory.putBlob("team/app", made(PLAIN));
  const busy = { status: 503, headers: { "retry-after": "30" } };
  expect(await ask("GET", `/v2/team/app/manifests/${digest}`)).toMatchObject(busy);
});

test("who asks for too much at once hears 429, all together 503, and others are served", async () => {
  await openImpatient({ requests: { all: 3, each: 2 } });
  const held: ServerResponse[] = [];
  memory.intercept = (_request, response) => held.push(response) > 0;
  const first = [ask("GET", "/v2/"), ask("GET", "/v2/")];
  await expect.poll(() => held.length).toBe(2);
  expect(await ask("GET", "/v2/")).toMatchObject({
    ...{ status: 429, code: "TOOMANYREQUESTS" },
    headers: { "retry-after": "5" },
  });
  first.push(ask("GET", "/v2/", "", {}, { localAddress: "127.0.0.2" }));
  await expect.poll(() => held.length).toBe(3);
  expect(await ask("GET", "/v2/", "", {}, { localAddress: "127.0.0.3" })).toMatchObject({
    ...{ status: 503, code: "UNAVAILABLE" },
    headers: { "retry-after": "5" },
  });
  for (const response of held) response.end();
  for (const each of first) expect((await each).status).toBe(200);
  memory.intercept = undefined;
  expect((await ask("GET", "/v2/team/app/tags/list")).status).toBe(404);
});

test("headers that do not come to an end, and connections without number, are ended", async () => {
  await openImpatient({ headersMs: 200, connections: { all: 3, each: 2 } });
  const said = (address: string): Promise<string> =>
    new Promise((resolve) => {
      const socket = connect({ host: "127.0.0.1", port, localAddress: address });
      let text = "";
      socket.on("data", (bytes) => {
        text += bytes;
      });
      socket.on("connect", () => socket.write("GET /v2/ HTTP/1.1\r\nhost:"));
      socket.on("error", () => {});
      socket.on("close", () => resolve(text.split("\r\n")[0] ?? ""));
    });
  const late = "HTTP/1.1 408 Request Timeout";
  const all = await Promise.all([said("127.0.0.1"), said("127.0.0.1"), said("127.0.0.1")]);
  expect(all.sort()).toEqual(["", late, late]);
  expect((await ask("GET", "/v2/team/app/tags/list")).status).toBe(404);
});

test("who does not read its answer is given up", async () => {
  await openImpatient({ requests: { all: 1, each: 1 }, download: SHORT });
  const { digest } = memory.putBlob("team/app", Buffer.alloc(32 * 2 ** 20)); // more than the kernel keeps for anybody
  const silent = connect(port, "127.0.0.1");
  silent.on("error", () => {});
  cleanup.add("silent", () => void silent.destroy());
  silent.write(`GET /v2/team/app/blobs/${digest} HTTP/1.1\r\nhost: x\r\n\r\n`);
  await expect.poll(() => memory.requests.length).toBe(1);
  await expect
    .poll(async () => (await ask("HEAD", `/v2/team/app/blobs/${digest}`)).status, { timeout: 10_000 })
    .toBe(200);
});
