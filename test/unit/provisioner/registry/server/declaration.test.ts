import { expect, test } from "vitest";
import { UsageError } from "../../../../../core/runtime/errors.ts";
import { chooseReplica, parseServer } from "../../../../../provisioner/registry/server/declaration.ts";

const LEAST = {
  name: "registry.example",
  replicas: { a: { address: "10.0.0.11:5000" } },
  storage: { filesystem: { folder: "/srv", shared: true } },
};
const TWO = { ...LEAST, replicas: { ...LEAST.replicas, b: { address: "10.0.0.12:5000" } } };

const TOKENS = {
  url: "https://auth.example/token",
  listen: "10.0.0.11:5001",
  users: "/users",
  rights: [{ users: "*", actions: "pull" }],
};

test("what is not said", () => {
  expect(parseServer("file", LEAST)).toEqual({
    name: "registry.example",
    version: 2,
    program: "docker-registry",
    user: undefined,
    folder: "/etc/plimsoll/registry",
    replicas: [{ name: "a", host: "10.0.0.11", port: 5000 }],
    storage: { kind: "filesystem", folder: "/srv" },
    tls: undefined,
    auth: undefined,
    notifications: [],
    balancer: undefined,
  });
  expect(parseServer("file", { ...LEAST, version: 3 })).toMatchObject({ version: 3, program: "registry" });
});

test("what is said", () => {
  const balancer = { address: "10.0.0.100", interface: "eth0", directors: { lb1: {} } };
  const spec = parseServer("file", {
    ...TWO,
    tls: { certificate: "/tls.crt", key: "/tls.key" },
    auth: { tokens: TOKENS },
    notifications: { sync: { url: "http://10.0.0.5:9467/", tokenFile: "/token" } },
    balancer,
  });
  expect(spec.tls).toEqual({ certificate: "/tls.crt", key: "/tls.key" });
  expect(spec.auth).toMatchObject({
    kind: "tokens",
    url: "https://auth.example/token",
    listen: { host: "10.0.0.11", port: 5001 },
    users: "/users",
    lifeSeconds: 300,
    rights: [{ users: ["*"], actions: ["pull"] }],
  });
  expect(spec.notifications).toEqual([{ name: "sync", url: "http://10.0.0.5:9467/", tokenFile: "/token" }]);
  expect(spec.balancer?.virtual).toEqual({ host: "10.0.0.100", port: 5000 });
  expect(parseServer("file", { ...LEAST, auth: { htpasswd: { file: "/passwords" } } }).auth).toEqual({
    kind: "htpasswd",
    file: "/passwords",
    realm: "registry.example",
  });
});

test.for([
  [{ name: "Registry" }, "file: name: small letters"],
  [{ version: 1 }, "is not a number from 2 to 3"],
  [{ replicas: {} }, "at least one is needed"],
  [{ replicas: { a: { address: "here" } } }, 'replicas.a.address: "here" is not ADDRESS:PORT'],
  [{ replicas: { "a/b": { address: "10.0.0.1:1" } } }, "is not a replica's name"],
  [{ replicas: { a: { address: "10.0.0.1:1" }, b: { address: "10.0.0.1:1" } } }, "is there twice"],
  [{ storage: undefined }, "storage: is needed"],
  [{ tls: { certificate: "/tls.crt" } }, "tls.key: is needed"],
  [{ auth: { htpasswd: { file: "/p" }, tokens: TOKENS } }, "not both"],
  [{ auth: { tokens: { ...TOKENS, url: "ftp://a" } } }, "is not http[s]://"],
  [{ auth: { tokens: { ...TOKENS, listen: "here" } } }, "is not ADDRESS:PORT"],
  [
    { auth: { tokens: { ...TOKENS, quotas: [{ namespace: "../x", size: "1G" }] } } },
    "is not the beginning of",
  ],
  [{ auth: { tokens: { ...TOKENS, quotas: [{ namespace: "x", size: "much" }] } } }, "is not a size"],
  [
    {
      auth: { tokens: { ...TOKENS, quotas: [{ namespace: "x", size: "1G" }] } },
      storage: { s3: { bucket: "images" } },
    },
    "they need a folder as storage",
  ],
  [{ auth: { tokens: { ...TOKENS, lifetime: "1s" } } }, "must be from 1m to 24h"],
  [{ auth: { tokens: { ...TOKENS, rights: [] } } }, "nobody could do anything"],
  [
    { auth: { tokens: { ...TOKENS, url: "http://a/" } }, tls: { certificate: "/c", key: "/k" } },
    "passwords would be sent to it without TLS",
  ],
  [{ quota: 1 }, 'unknown option "quota"'],
] as const)("%j is refused: %s", ([values, message]) => {
  expect(() => parseServer("file", { ...LEAST, ...values })).toThrow(UsageError);
  expect(() => parseServer("file", { ...LEAST, ...values })).toThrow(message);
});

test("which replica runs here", () => {
  expect(chooseReplica(parseServer("file", LEAST), undefined, "elsewhere").name).toBe("a");
  expect(chooseReplica(parseServer("file", TWO), undefined, "b").name).toBe("b");
  expect(chooseReplica(parseServer("file", TWO), "a", "b").name).toBe("a");
  expect(() => chooseReplica(parseServer("file", TWO), undefined, "c")).toThrow(
    "c is none of the registry's replicas",
  );
});
