import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { parseServer, type ServerSpec } from "../../../../../provisioner/registry/server/declaration.ts";
import { renderConfig } from "../../../../../provisioner/registry/server/render-config.ts";
import { refuseStaleConfig } from "../../../../../provisioner/registry/server/stale-config.ts";
import { Cleanup } from "../../../../support/cleanup.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

const folder = cleanup.temporaryFolder();
const AUTH = { auth: { htpasswd: { file: "/passwords" } } };
const TLS = { tls: { certificate: "/tls.crt", key: "/tls.key" } };

const declared = (changes: object): ServerSpec =>
  parseServer("file", {
    ...{ name: "registry.example", folder, replicas: { a: { address: "10.0.0.11:5000" } } },
    ...{ storage: { filesystem: { folder: "/srv" } }, ...changes },
  });

/** `init` by one declaration, `up` by another. */
function run(before: object, now: object): void {
  const secrets = { httpSecret: "0123", s3: undefined, tokens: new Map() };
  writeFileSync(join(folder, "config.yml"), renderConfig(declared(before), secrets, false));
  refuseStaleConfig(declared(now));
}

test.each([
  ["users were declared", {}, AUTH, "auth"],
  ["other users were declared", { auth: { htpasswd: { file: "/old" } } }, AUTH, "auth"],
  ["users are no longer declared", AUTH, {}, "auth"],
  ["TLS was declared", {}, TLS, "tls"],
  ["the policy went, before which the gate spoke TLS", { ...TLS, policy: "/policy" }, TLS, "tls"],
])("%s, and no init since", (_, before, now, key) => {
  expect(() => run(before, now)).toThrow(
    expect.objectContaining({
      message: `${folder}/config.yml: its ${key} is not what is declared`,
      hint: "plimsoll registry init",
    }),
  );
});

test("what is as declared, and what else is another", () => {
  run({}, {});
  run({ ...AUTH, ...TLS }, { ...AUTH, ...TLS });
  run(AUTH, { ...AUTH, notifications: { sync: { url: "http://10.0.0.5:9467/" } } });
});

test("before any init", () => {
  const elsewhere = { ...declared({}), folder: "/nowhere" };
  expect(() => refuseStaleConfig(elsewhere)).toThrow("/nowhere/config.yml: cannot be read: ENOENT");
});
