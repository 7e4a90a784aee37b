import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import {
  type ImageDeclaration,
  parseDeclaration,
  readDeclaration,
} from "../../../../../provisioner/images/build/declaration.ts";
import { Cleanup } from "../../../../support/cleanup.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

function parse(values: object): ImageDeclaration {
  return parseDeclaration("/srv/web.yaml", { base: "debian:12", ...values });
}

test("a base is enough", () => {
  expect(parse({})).toMatchObject({
    base: "debian:12",
    folder: "/srv",
    manager: undefined,
    files: [],
    init: false,
  });
});

test("the base tells who installs packages, where its name does", () => {
  const manager = (base: string, more: object = {}): unknown =>
    parse({ base, packages: ["nginx"], ...more }).manager;

  expect(manager("registry.example:5000/team/debian:12")).toBe("apt");
  expect(manager(`alpine@sha256:${"a".repeat(64)}`)).toBe("apk");
  expect(manager("node:20-alpine", { packageManager: "apk" })).toBe("apk");
  expect(() => manager("scratchy:1")).toThrow(
    "image /srv/web.yaml: packageManager: is needed: scratchy:1 does not tell it; apt or apk",
  );
});

test("a file that goes into a folder keeps its name", () => {
  const files = [{ from: "conf/nginx.conf", to: "/etc/nginx/", mode: "0640", owner: "root:33" }];

  expect(parse({ files }).files).toEqual([
    { from: "conf/nginx.conf", to: "/etc/nginx/nginx.conf", mode: 0o640, owner: "root:33" },
  ]);
});

const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI somebody";

test("a user has a home and a shell", () => {
  expect(parse({ users: [{ name: "web", uid: 1000, sshKeys: KEY }] }).users).toEqual([
    { name: "web", uid: 1000, home: "/home/web", shell: "/bin/sh", groups: [], sshKeys: [KEY] },
  ]);
});

test.each<[string, object, string]>([
  ["no base", { base: undefined }, "base: is needed"],
  [
    "a base that is none",
    { base: "debian:12\nRUN x" },
    'base: "debian:12\\nRUN x" is not the name of an image',
  ],
  ["an agent that is none", { agent: "a b" }, 'agent: "a b" is not the name of an image'],
  ["what is not known", { pakages: [] }, 'unknown option "pakages"'],
  [
    "a package with a command",
    { packages: ["nginx; rm -rf /"] },
    'packages: "nginx; rm -rf /" is not a package',
  ],
  ["an option for a package", { packages: ["--allow-x"] }, 'packages: "--allow-x" is not a package'],
  ["another manager", { packages: ["a"], packageManager: "yum" }, "packageManager: one of apt, apk"],
  [
    "a path that goes up",
    { files: [{ from: "a", to: "/etc/../x" }] },
    'files[0].to: "/etc/../x" is not a path',
  ],
  ["a path with a variable", { files: [{ from: "a", to: "/$HOME" }] }, 'files[0].to: "/$HOME" is not a path'],
  ["a path from nowhere", { files: [{ from: "a", to: "etc" }] }, 'files[0].to: "etc" does not begin with /'],
  [
    "a mode that is a number",
    { files: [{ from: "a", to: "/a", mode: 644 }] },
    "files[0].mode: must be a text",
  ],
  [
    "a mode with setuid",
    { files: [{ from: "a", to: "/a", mode: "4755" }] },
    'files[0].mode: "4755" is not three',
  ],
  ["an owner", { files: [{ from: "a", to: "/a", owner: "a b" }] }, 'files[0].owner: "a b" is not an owner'],
  ["a user's name", { users: [{ name: "a:b", uid: 1 }] }, 'users[0].name: "a:b" is not the name of a user'],
  ["no uid", { users: [{ name: "a" }] }, "users[0].uid: is needed"],
  ["root's uid", { users: [{ name: "a", uid: 0 }] }, "users[0].uid: 0 is not a number from 1"],
  [
    "a group with a command",
    { users: [{ name: "a", uid: 1, groups: ["adm;"] }] },
    'users[0].groups: "adm;" is not the name of a group',
  ],
  [
    "a user's own group",
    { users: [{ name: "a", uid: 1, groups: ["a"] }] },
    "users[0].groups: a is the user's own",
  ],
  ["a home in passwd", { users: [{ name: "a", uid: 1, home: "/a:b" }] }, "users[0].home: cannot be /"],
  ["a key", { users: [{ name: "a", uid: 1, sshKeys: ["x"] }] }, 'users[0].sshKeys: "x" is not a public key'],
  [
    "a user twice",
    {
      users: [
        { name: "a", uid: 1 },
        { name: "b", uid: 1 },
      ],
    },
    "users: b or its uid is there twice",
  ],
  ["a port", { ports: ["70000"] }, 'ports: "70000" is not a port'],
  ["a variable's name", { environment: { "A B": "x" } }, 'environment: "A B" is not a name'],
  [
    "a variable that is a number",
    { environment: { PORT: 80 } },
    "environment: PORT: must be a text, in quotes",
  ],
  ["a label of two lines", { labels: { a: "x\ny" } }, "labels: a: must be of one line"],
  ["init without a command", { init: true }, "command: is needed with init"],
  ["a health check of nothing", { health: { interval: "1s" } }, "health.command: is needed"],
  ["a time", { health: { command: "x", timeout: "5" } }, 'health.timeout: "5" is not a duration'],
  ["a policy from here", { policy: "p.yaml" }, 'policy: "p.yaml" does not begin with /'],
])("%s is told in one line", (_, values, message) => {
  expect(() => parse(values)).toThrow(message);
});

test.each([
  ["base: debian:12\nports:\n  - 80000", "web.yaml:3:5: ports: must be ports as 8080/tcp"],
  ["base: debian:12\nfiles:\n  - { from: a,\n      to: etc }\n", 'web.yaml:4:7: files[0].to: "etc" does not'],
  ['{ "base": "debian:12",\n  "users": [{ "nam": "a" }] }', 'web.yaml:2:15: unknown option "users[0].nam"'],
  ["base: [debian:12", "web.yaml:1:17: "],
])("a file is told where it is wrong: %j", async (text, message) => {
  const file = join(cleanup.temporaryFolder(), "web.yaml");
  writeFileSync(file, text);

  await expect(readDeclaration(file)).rejects.toThrow(message);
});
