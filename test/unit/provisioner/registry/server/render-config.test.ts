import { Ajv } from "ajv";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { parseServer, type ServerSpec } from "../../../../../provisioner/registry/server/declaration.ts";
import { listenAddress, renderConfig } from "../../../../../provisioner/registry/server/render-config.ts";
import { expectGolden } from "../../../../support/golden.ts";
import { configurationSchema } from "../../../../support/registry-configuration.ts";

const S3 = {
  name: "registry.example",
  folder: "/conf",
  replicas: { a: { address: "10.0.0.11:5000" }, b: { address: "10.0.0.12:5000" } },
  storage: {
    s3: {
      bucket: "images",
      endpoint: "https://rgw.example",
      accessKeyFile: "/a",
      secretKeyFile: "/b",
      redirect: false,
    },
  },
  tls: { certificate: "/tls.crt", key: "/tls.key" },
  auth: {
    tokens: {
      url: "https://auth.example/token",
      listen: "10.0.0.11:5001",
      users: "/users",
      rights: [{ users: "*", actions: "pull" }],
    },
  },
  notifications: {
    sync: { url: "http://10.0.0.5:9467/", tokenFile: "/token" },
    other: { url: "http://other/" },
  },
};
const SECRETS = {
  httpSecret: "0123",
  s3: { access: "AK", secret: "SK" },
  tokens: new Map([["sync", "T"]]),
};
const spec = (changes: object = {}): ServerSpec => parseServer("file", { ...S3, ...changes });

test("Distribution 2.8 over Ceph's gateway, with everything", () => {
  expectGolden("provisioner/registry/config.yml", renderConfig(spec(), SECRETS, false));
});

test("what is another with 3, read-only, by password, in a folder", () => {
  const three = parse(renderConfig(spec({ version: 3 }), SECRETS, true));
  expect(three.storage.s3.forcepathstyle).toBe(true);
  expect(three.storage.maintenance.readonly).toEqual({ enabled: true });

  const plain = spec({
    storage: { filesystem: { folder: "/srv", shared: true } },
    auth: { htpasswd: { file: "/passwords" } },
    tls: undefined,
    notifications: {},
  });
  const { storage, auth, http, notifications } = parse(renderConfig(plain, SECRETS, false));
  expect(storage.filesystem).toEqual({ rootdirectory: "/srv" });
  expect(auth).toEqual({ htpasswd: { realm: "registry.example", path: "/passwords" } });
  expect([http.tls, notifications]).toEqual([undefined, undefined]);
});

test("a replica remembers blobs only where nobody else removes them", () => {
  const storage = (changes: object): unknown =>
    parse(renderConfig(spec(changes), SECRETS, false)).storage.cache;
  expect(storage({})).toBeUndefined();
  expect(storage({ replicas: { a: { address: "10.0.0.11:5000" } } })).toEqual({ blobdescriptor: "inmemory" });
});

test("a replica takes what is sent to the director's address, where that is not rewritten", () => {
  const behind = (method: string): string => {
    const one = spec({
      balancer: { address: "10.0.0.100", interface: "eth0", method, directors: { lb1: {} } },
    });
    return one.replicas.map((replica) => listenAddress(one, replica)).join(" ");
  };
  expect(behind("dr")).toBe(":5000 :5000");
  expect(behind("nat")).toBe("10.0.0.11:5000 10.0.0.12:5000");
});

test("with a policy TLS is the gate's: nobody but the gate comes to the registry", () => {
  const { http } = parse(renderConfig(spec({ policy: "/policy.yaml" }), SECRETS, false));
  expect(http.tls).toBeUndefined();
});

test.each([2, 3] as const)(
  "whatever is declared, Distribution %d documents each key and its form",
  (version) => {
    const isDocumented = new Ajv({ allErrors: true, strict: false }).compile(configurationSchema(version));
    const folder = { filesystem: { folder: "/srv", shared: true } };
    const noKeys = { s3: { ...S3.storage.s3, accessKeyFile: undefined, secretKeyFile: undefined } };
    const variants = [
      {},
      { storage: folder },
      { storage: noKeys },
      { storage: { s3: { ...S3.storage.s3, redirect: true, folder: "/registry" } } },
      { auth: { htpasswd: { file: "/passwords" } } },
      { auth: undefined, tls: undefined, notifications: undefined },
      { policy: "/policy.yaml" },
    ];
    for (const changes of variants)
      for (const isReadOnly of [false, true]) {
        const secrets = changes.storage === noKeys ? { ...SECRETS, s3: undefined } : SECRETS;
        isDocumented(parse(renderConfig(spec({ version, ...changes }), secrets, isReadOnly)));
        expect(isDocumented.errors, JSON.stringify(changes)).toBeNull();
      }
    // It would be noticed.
    const renamed = renderConfig(spec({ version }), SECRETS, false).replace(
      "rootcertbundle",
      "rootcertificates",
    );
    expect(isDocumented(parse(renamed))).toBe(false);
  },
);
