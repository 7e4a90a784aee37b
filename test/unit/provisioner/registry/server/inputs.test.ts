import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { UsageError } from "../../../../../core/runtime/errors.ts";
import { parseServer } from "../../../../../provisioner/registry/server/declaration.ts";
import { readInputs } from "../../../../../provisioner/registry/server/inputs.ts";
import { makeAuthority } from "../../../../support/certificates.ts";
import { Cleanup } from "../../../../support/cleanup.ts";
import { hasCommand, testIf } from "../../../../support/host.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());
const folder = cleanup.temporaryFolder();

function read(changes: object, nowMs = Date.now()): ReturnType<typeof readInputs> {
  const least = {
    name: "registry",
    replicas: { a: { address: "10.0.0.11:5000" } },
    storage: { filesystem: { folder: "/srv" } },
  };
  return readInputs(parseServer("file", { ...least, ...changes }), nowMs);
}

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

test("keys and tokens", () => {
  const s3 = { bucket: "images", accessKeyFile: write("ak", "AK\n"), secretKeyFile: write("sk", "SK\n") };
  const notifications = {
    one: { url: "http://one/", tokenFile: write("token", "T\n") },
    two: { url: "http://two/" },
  };
  expect(read({ storage: { s3 }, notifications })).toEqual({
    s3: { access: "AK", secret: "SK" },
    tokens: new Map([["one", "T"]]),
  });
  const gone = { storage: { s3: { ...s3, secretKeyFile: join(folder, "none") } } };
  expect(() => read(gone)).toThrow(/none: cannot be read: ENOENT/);
});

test("a registry would take a password that is no bcrypt for one that is always wrong", () => {
  const bcrypt = `$2y$05$${"x".repeat(53)}`;
  const htpasswd = (text: string): object => ({ auth: { htpasswd: { file: write("passwords", text) } } });
  expect(() => read(htpasswd(`# users\nada:${bcrypt}\n\n`))).not.toThrow();
  expect(() => read(htpasswd(`ada:${bcrypt}\nbob:$apr1$x$y\n`))).toThrow(/passwords:2: is not NAME:BCRYPT/);
});

test("who has signed the store's certificate", () => {
  const trusted = (text: string): object => ({
    storage: { s3: { bucket: "images", caFile: write("ca", text) } },
  });
  expect(() => read(trusted("no PEM"))).toThrow(/ca: is not a certificate/);
  const gone = { storage: { s3: { bucket: "images", caFile: join(folder, "none") } } };
  expect(() => read(gone)).toThrow(/none: cannot be read: ENOENT/);
});

testIf(hasCommand("openssl"))("a certificate and its key, as long as it lives", async () => {
  const authority = await makeAuthority(folder);
  const [one, other] = [await authority.issue("one.example"), await authority.issue("other.example")];
  const tls = { certificate: one.cert, key: one.key };
  expect(() => read({ tls })).not.toThrow();
  expect(() => read({ storage: { s3: { bucket: "images", caFile: authority.cert } } })).not.toThrow();
  expect(() => read({ tls }, Date.now() + 3 * 86_400_000)).toThrow(/has ended/);
  expect(() => read({ tls: { ...tls, key: other.key } })).toThrow(UsageError);
  expect(() => read({ tls: { ...tls, key: other.key } })).toThrow(/are not a certificate and its key/);
});
