import { renameSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { Identity, type IdentityOptions, parseIdentity } from "../../../agent/identity.ts";
import { Cleanup } from "../../support/cleanup.ts";
import { recordLog } from "../../support/record-log.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const ROUTE = "header\neth0\t00000000\t010011AC\t0003\t0\t0\t0\t00000000\t0\t0\t0\n";

function absent(): Promise<string> {
  return Promise.reject(Object.assign(new Error("no such file"), { code: "ENOENT" }));
}

const PREFIX = { netmask: "", mac: "", internal: false, cidr: null };
const V4 = (address: string) => ({ ...PREFIX, address, family: "IPv4" as const });
const V6 = (address: string) => ({ ...PREFIX, address, family: "IPv6" as const, scopeid: 0 });

function open(options: Partial<IdentityOptions> = {}) {
  const log = recordLog();
  const file = join(cleanup.temporaryFolder(), "identity.json");
  const identity = new Identity({
    ip: undefined,
    labels: {},
    file,
    read: absent,
    interfaces: () => ({}),
    log,
    ...options,
  });
  /** As the provisioner does it: never half a file. */
  const write = (value: unknown): void => {
    writeFileSync(`${file}.new`, typeof value === "string" ? value : JSON.stringify(value));
    renameSync(`${file}.new`, file);
  };
  return { log, file, identity, write };
}

test("an address given by option wins and names the machine", async () => {
  const { identity, write } = open({ ip: "10.0.0.7" });
  write({ ip: "10.0.0.8" });

  expect(await identity.labels()).toEqual({ instance: "10.0.0.7", ip: "10.0.0.7", hostname: hostname() });
});

test("the identity file gives address, name, type and labels; configured labels win over its own", async () => {
  const { identity, write } = open({ labels: { rack: "a2" } });
  write({ ip: "10.0.0.8", name: "web-1", id: "0123", type: "docker", labels: { rack: "a1", owner: "web" } });

  expect(await identity.labels()).toEqual({
    instance: "10.0.0.8",
    ip: "10.0.0.8",
    hostname: "web-1",
    type: "docker",
    rack: "a2",
    owner: "web",
  });
});

test("otherwise the address of the default route's device", async () => {
  const interfaces = () => ({ lo: [V4("127.0.0.1")], eth0: [V6("fe80::1"), V4("172.17.0.2")] });
  const { identity } = open({
    read: (path) => (path === "/proc/net/route" ? Promise.resolve(ROUTE) : absent()),
    interfaces,
  });

  expect(await identity.labels()).toMatchObject({ instance: "172.17.0.2" });
});

test("an IPv6 machine has its global address, not the link's", async () => {
  const any = "0".repeat(32);
  const route6 = `${any} 00 ${any} 00 ${any} 00000400 00000001 00000000 00000003 eth0\n`;
  const interfaces = () => ({ eth0: [V6("fe80::1"), V6("2001:db8::7")] });
  const { identity } = open({
    read: (path) => (path === "/proc/net/ipv6_route" ? Promise.resolve(route6) : absent()),
    interfaces,
  });

  expect(await identity.labels()).toMatchObject({ instance: "2001:db8::7" });
});

test("no address yet is no identity, said once; it is followed when it comes and when it changes", async () => {
  const { identity, log, write } = open();
  expect(await identity.labels()).toBeUndefined();
  expect(await identity.labels()).toBeUndefined();
  write({ ip: "10.0.0.8" });
  expect(await identity.labels()).toMatchObject({ ip: "10.0.0.8" });
  write({ ip: "10.0.0.9" });
  expect(await identity.labels()).toMatchObject({ ip: "10.0.0.9" });

  expect(log.lines.map(({ message, fields }) => [message, fields])).toEqual([
    ["identity incomplete", { problem: "no address yet" }],
    ["address known", { ip: "10.0.0.8" }],
    ["address changed", { ip: "10.0.0.9", was: "10.0.0.8" }],
  ]);
});

test("an address that is gone is kept: the machine is still the same", async () => {
  const { identity, file, write } = open();
  write({ ip: "10.0.0.8" });
  await identity.labels();
  rmSync(file);

  expect(await identity.labels()).toMatchObject({ ip: "10.0.0.8" });
});

test("a broken identity file is reported once and nothing is guessed in its place", async () => {
  const interfaces = () => ({ eth0: [V4("172.17.0.2")] });
  const { identity, log, file, write } = open({ read: () => Promise.resolve(ROUTE), interfaces });
  write("{");
  expect(await identity.labels()).toBeUndefined();
  expect(await identity.labels()).toBeUndefined();
  expect(log.lines).toMatchObject([{ level: "warn", fields: { problem: expect.stringContaining(file) } }]);
  write({ ip: "10.0.0.8" });

  expect(await identity.labels()).toMatchObject({ ip: "10.0.0.8" });
});

test("a given address does not depend on a broken file", async () => {
  const { identity, write } = open({ ip: "10.0.0.7" });
  write("{");

  expect(await identity.labels()).toMatchObject({ ip: "10.0.0.7" });
});

test.for<[string, string]>([
  ["[]", "not a JSON object"],
  ["{", "not valid JSON"],
  ['{"ip":"localhost"}', 'ip "localhost" is not an address'],
  ['{"ip":7}', "ip must be a string"],
  ['{"type":[]}', "type must be a string"],
  ['{"generation":1.5}', "generation must be a string"],
  ['{"labels":{"a-b":"1"}}', 'labels: "a-b" is not a label name'],
])("%s is refused, naming file and field", ([text, message]) => {
  expect(() => parseIdentity("/etc/identity.json", text)).toThrow(
    `identity file /etc/identity.json: ${message}`,
  );
});

test("what tells this container from its predecessor is followed too", () => {
  const { identity, write } = open({ ip: "10.0.0.7" });
  expect(identity.machine()).toEqual({});
  write({ id: "o", generation: 3, container: "c", image: "i:1", host: "h" });
  expect(identity.machine()).toEqual({
    owner: "o",
    generation: "3",
    container: "c",
    image: "i:1",
    host: "h",
  });
  write("{");
  expect(identity.machine()).toMatchObject({ owner: "o" });
});
