import { writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { parseHostConfig, readHostConfig } from "../../../../provisioner/host/config.ts";
import { Cleanup } from "../../../support/cleanup.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

test("everything has a default", () => {
  expect(parseHostConfig("host.yaml", { name: "h1" })).toEqual({
    name: "h1",
    bridge: "br0",
    ovs: "unix:/var/run/openvswitch/db.sock",
    docker: "/var/run/docker.sock",
    shim: "/var/lib/plimsoll/shim",
    data: "/var/lib/plimsoll/machines",
    push: [],
    interval: "10s",
    socket: "/run/plimsoll/provisioner.sock",
    probe: "rfc5227",
    address: hostname(),
    labels: {},
    capacity: {},
  });
});

test("what the fleet is told of a host", () => {
  const fleet = { address: "10.0.0.1", labels: ["rack=a", "disk=ssd"] };
  const config = parseHostConfig("h", { ...fleet, capacity: { cpus: 64, memory: "200G", disk: "2T" } });

  expect(config).toMatchObject({
    address: "10.0.0.1",
    labels: { rack: "a", disk: "ssd" },
    capacity: { cpus: 64, memoryBytes: 200 * 2 ** 30, diskBytes: 2 * 2 ** 40 },
  });
  expect(parseHostConfig("h", { capacity: { memory: "2G" } }).capacity).toEqual({ memoryBytes: 2 * 2 ** 30 });
  expect(() => parseHostConfig("h", { labels: "rack" })).toThrow(
    "configuration h: labels: must be NAME=VALUE",
  );
  expect(() => parseHostConfig("h", { capacity: { disk: "much" } })).toThrow("capacity.disk");
});

test("one URL or several to push to", () => {
  expect(parseHostConfig("h", { push: "otlp+http://a:1" }).push).toEqual(["otlp+http://a:1"]);
  expect(parseHostConfig("h", { push: ["otlp+http://a:1", "otlp+http://b:1"] }).push).toHaveLength(2);
});

test("a bond of NICs, and logical volumes", () => {
  const bond = { nics: ["eth1", "eth2"], primary: "eth1", vlans: [100, 200] };
  const config = parseHostConfig("h", {
    bridge: "br1",
    bond,
    storage: { group: "data", devices: "/dev/sdb" },
  });
  expect(config.bond).toEqual({
    name: "bond0",
    bridge: "br1",
    members: ["eth1", "eth2"],
    primary: "eth1",
    trunks: [100, 200],
    updelayMs: 200,
  });
  expect(config.storage).toEqual({ group: "data", devices: ["/dev/sdb"], poolPercent: 0 });

  const thin = { pool: "thin", size: "50%", overcommit: 3, extend: 70, full: 90 };
  expect(parseHostConfig("h", { storage: { group: "data", thin } }).storage).toEqual({
    group: "data",
    devices: [],
    thin: { pool: "thin", overcommit: 3, extendPercent: 70, fullPercent: 90 },
    poolPercent: 50,
  });
  expect(parseHostConfig("h", { storage: { group: "data", thin: {} } }).storage).toMatchObject({
    thin: { pool: "machines", overcommit: 2, extendPercent: 80, fullPercent: 95 },
    poolPercent: 80,
  });
});

test.for([
  [{ bond: {} }, "bond.nics: is needed"],
  [{ bond: { nics: ["eth1"], vlans: [4095] } }, "bond.vlans: 4095 is not a number from 1 to 4094"],
  [{ bond: { nics: ["eth1"], updelay: "soon" } }, "bond.updelay"],
  [{ bond: { nic: "eth1" } }, 'unknown option "bond.nic"'],
  [{ storage: "data" }, "storage: must be a mapping"],
  [{ storage: {} }, "storage.group: is needed"],
  [{ storage: { group: "-a" } }, 'storage.group: "-a" is no name for lvm2'],
  [{ storage: { group: "a", devices: ["sdb"] } }, "storage.devices: must be paths of block devices"],
  [{ storage: { group: "a", thin: { size: "100%" } } }, "storage.thin.size: 1% to 95% of the group"],
  [{ storage: { group: "a", thin: { full: 10 } } }, "storage.thin.full: 10 is not a number from 80 to 100"],
  [{ brigde: "br0" }, 'unknown option "brigde"'],
  [{ bridge: 7 }, "bridge: must be a text"],
  [{ push: [1] }, "push: must be URLs"],
  [{ name: "a/b" }, "name: "],
  [{ interval: "often" }, "interval: "],
  [{ collector: { url: "here:9465" } }, 'collector.url: "here:9465" is not http://HOST:PORT'],
  [{ collector: { url: "http://a b" } }, 'collector.url: "http://a b" is not http://HOST:PORT'],
  [{ bond: { nics: "eth1", vlans: [7, 1.5] } }, "bond.vlans: 1.5 is no whole number"],
  [{ engine: { rootSize: "1G", poolSize: "9G" } }, "engine.poolSize: needs engine.pool"],
  [{ socket: "" }, "socket: must be a text"],
  [{ data: "machines" }, 'data: "machines" does not begin with /'],
  [{ docker: "unix:///run/docker.sock" }, 'docker: "unix:///run/docker.sock" does not begin with /'],
  [{ ovs: "here" }, 'ovs: "here" is not an OVSDB address'],
  [{ push: "here:9465" }, 'push: "here:9465" is no URL'],
  [{ bridge: "br 0" }, 'bridge: "br 0" is no name of a device'],
  [{ bridge: "a-name-too-long-" }, 'bridge: "a-name-too-long-" is no name of a device'],
  [{ bond: { nics: ["eth1", "../x"] } }, 'bond.nics: "../x" is no name of a device'],
  [{ bond: { nics: ["eth1", "eth1"] } }, "bond.nics: eth1 is there twice"],
  [{ bond: { nics: ["eth1"], primary: "eth2" } }, "bond.primary: eth2 is none of its nics"],
  [{ labels: ["rack=a", "rack=b"] }, "labels: rack has two values"],
  [{ probe: "never" }, "probe: one of fast, rfc5227"],
] as const)("%j is refused", ([values, message]) => {
  expect(() => parseHostConfig("host.yaml", values)).toThrow(`configuration host.yaml: ${message}`);
});

test.for([
  ["bond:\n  nics: [eno1, eno1]\n", "2:16: bond.nics: eno1 is there twice"],
  ["bond:\n  nics:\n    - eno1\n    - 7\n", "4:7: bond.nics: must be names of NICs"],
  ["bond:\n  nics: eno1\n  vlans: [1, 5000]\n", "3:14: bond.vlans: 5000 is not a number from 1 to 4094"],
  ["storage:\n  group: a\n  thin: {full: 50}\n", "3:10: storage.thin.full: 50 is not a number"],
  ["labels:\n  - rack=a\n  - disk\n", "3:5: labels: must be NAME=VALUE"],
  ["name: h1\nbrigde: br0\n", '2:1: unknown option "brigde"'],
] as const)("a file with %j is told by line and column", async ([text, message]) => {
  const file = join(cleanup.temporaryFolder(), "host.yaml");
  writeFileSync(file, text);

  await expect(readHostConfig(file)).rejects.toThrow(`configuration ${file}:${message}`);
});

test("what containers may write outside their data disks", () => {
  const engine = { rootSize: "10G" };
  const file = "/etc/docker/daemon.json";
  const socket = "/run/docker.sock";
  const pool = { ...engine, pool: "docker", poolSize: "100G" };

  expect(parseHostConfig("h", { docker: socket, engine }).engine).toEqual({
    ...{ socket, file },
    rootBytes: 10 * 2 ** 30,
  });
  expect(parseHostConfig("h", { storage: { group: "data" }, engine: pool }).engine).toMatchObject({
    pool: { group: "data", name: "docker", bytes: 100 * 2 ** 30 },
  });
  expect(() => parseHostConfig("h", { engine: pool })).toThrow("engine.pool: needs storage.group");
  expect(() => parseHostConfig("h", { engine: {} })).toThrow("engine.rootSize: is needed");
  const storage = { group: "data", thin: { pool: "docker" } };
  expect(() => parseHostConfig("h", { storage, engine: pool })).toThrow(
    "engine.pool: docker is the machines' own",
  );
});
