import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { parse } from "yaml";
import { parseServer, type ServerSpec } from "../../../../../provisioner/registry/server/declaration.ts";
import { planInit, writeFiles } from "../../../../../provisioner/registry/server/init.ts";
import { Cleanup } from "../../../../support/cleanup.ts";
import { hasCommand, testIf } from "../../../../support/host.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

function spec(folder: string, changes: object = {}): ServerSpec {
  return parseServer("file", {
    name: "registry",
    folder,
    replicas: { a: { address: "10.0.0.11:5000" } },
    storage: { filesystem: { folder: "/srv" } },
    ...changes,
  });
}

async function init(wanted: ServerSpec): Promise<Record<string, string>> {
  const files = await planInit(wanted, Date.now());
  await writeFiles(wanted, files);
  return Object.fromEntries(files.map(({ name, change }) => [name, change]));
}

test("written once; the secret that replicas share is kept", async () => {
  const folder = join(cleanup.temporaryFolder(), "new");
  const first = await init(spec(folder));
  expect(first).toEqual({ "http-secret": "create", "config.yml": "create", "config-readonly.yml": "create" });
  const secret = readFileSync(join(folder, "http-secret"), "utf8");
  expect(secret).toMatch(/^[0-9a-f]{64}\n$/);
  expect(parse(readFileSync(join(folder, "config.yml"), "utf8")).http.secret).toBe(secret.trim());
  expect(readdirSync(folder).map((name) => statSync(join(folder, name)).mode & 0o777)).toEqual([
    0o600, 0o600, 0o600,
  ]);

  const again = await init(spec(folder));
  expect(Object.values(again)).toEqual(["keep", "keep", "keep"]);
  const moved = await init(spec(folder, { storage: { filesystem: { folder: "/elsewhere" } } }));
  expect(moved).toEqual({ "http-secret": "keep", "config.yml": "replace", "config-readonly.yml": "replace" });
});

test("a file for each director", async () => {
  const folder = cleanup.temporaryFolder();
  const balancer = { address: "10.0.0.100", interface: "eth0", directors: { lb1: {}, lb2: {} } };
  expect(Object.keys(await init(spec(folder, { balancer })))).toEqual(
    expect.arrayContaining(["keepalived-lb1.conf", "keepalived-lb2.conf"]),
  );
});

test("a user that is not there is told before anything is written", async () => {
  const folder = cleanup.temporaryFolder();
  const wanted = spec(folder, { user: "nobody-here" });
  await expect(init(wanted)).rejects.toThrow(/no such user/);
  expect(readdirSync(folder)).toEqual([]);
});

testIf(hasCommand("openssl"))("the key for tokens is kept with its certificate, or missed", async () => {
  const folder = cleanup.temporaryFolder();
  const users = join(folder, "users");
  const rights = [{ users: "*", actions: "pull" }];
  const tokens = { url: "http://auth/token", listen: "127.0.0.1:5001", users, rights };
  const wanted = spec(folder, { auth: { tokens } });
  await expect(init(wanted)).rejects.toThrow(/users: cannot be read: ENOENT/);
  writeFileSync(users, "");
  expect(await init(wanted)).toMatchObject({ "token.key": "create", "token.crt": "create" });
  expect(await init(wanted)).toMatchObject({ "token.key": "keep", "token.crt": "keep" });
  rmSync(join(folder, "token.key"));
  await expect(init(wanted)).rejects.toThrow("one of token.key and token.crt is missing");
});
