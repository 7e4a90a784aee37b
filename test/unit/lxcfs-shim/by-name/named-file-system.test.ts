import { afterAll, expect, test } from "vitest";
import { NamedFileSystem } from "../../../../lxcfs-shim/by-name/named-file-system.ts";
import { openNames } from "../../../../lxcfs-shim/by-name/names.ts";
import { S_IFDIR } from "../../../../lxcfs-shim/file-system/host-files.ts";
import { nodeIdOf, ROOT_NODE } from "../../../../lxcfs-shim/file-system/node-id.ts";
import { ERRNO } from "../../../../lxcfs-shim/fuse/errno.ts";
import type { Operation, Reply } from "../../../../lxcfs-shim/fuse/operation.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { FakeHost } from "../../../support/fake-host.ts";
import { ManualClock } from "../../../support/manual-clock.ts";
import { recordLog } from "../../../support/record-log.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

const MEMINFO = "web/proc/meminfo";

function openOn() {
  const host = new FakeHost(cleanup.temporaryFolder());
  const names = openNames(cleanup.temporaryFolder());
  const clock = new ManualClock();
  const open = () =>
    new NamedFileSystem({ root: host.root, log: recordLog(), names, clock, freshnessMs: 100 });
  let fileSystem = open();
  const ask = (operation: Operation): Reply => fileSystem.handle(operation);
  const start = (limitMiB: number): void => {
    host.cgroup("/web", { "cgroup.procs": "41\n", "memory.max": `${limitMiB * 2 ** 20}\n` });
    host.process(41, { cgroupNamespace: 2, pidNamespace: 2, cgroup: "/web", nsPids: [41, 1] });
  };
  return {
    ...{ host, names, clock, ask, start },
    restart: () => {
      fileSystem = open();
    },
  };
}

type Ask = ReturnType<typeof openOn>["ask"];

/** As the kernel: attributes, then the page. */
function read(ask: Ask, path: string): string | number {
  const node = nodeIdOf(path);
  const attributes = ask({ kind: "getattr", node });
  if (attributes.kind !== "attributes") return attributes.kind === "error" ? attributes.errno : -1;
  const reply = ask({ kind: "read", node, handle: 0, offset: 0, size: 4096, isDirect: false });
  if (reply.kind !== "data") return reply.kind === "error" ? reply.errno : -1;
  expect(reply.data).toHaveLength(attributes.attributes.sizeBytes);
  return Buffer.from(reply.data).toString();
}

function walk(ask: Ask, path: string): Reply {
  let reply: Reply = { kind: "none" };
  let node = ROOT_NODE;
  for (const name of path.split("/")) {
    reply = ask({ kind: "lookup", parent: node, name });
    if (reply.kind !== "entry") return reply;
    node = reply.attributes.node;
  }
  return reply;
}

const list = (ask: Ask, path: string): readonly string[] => {
  const reply = ask({ kind: "readdir", node: nodeIdOf(path), handle: 0, offset: 2, size: 4096 });
  return reply.kind === "entries" ? reply.entries.map(({ name }) => name) : [];
};

test("the container in the registered cgroup, for whoever asks", () => {
  const { names, ask, start } = openOn();
  names.register("web", "0::/web\n");
  start(256);

  expect(walk(ask, MEMINFO)).toMatchObject({ kind: "entry", attributesValidMs: 100 });
  expect(read(ask, MEMINFO)).toMatch(/^MemTotal: +262144 kB\n/);
  expect(read(ask, "web/proc/loadavg")).toMatch(/^0\.00 0\.00 0\.00 1\/1 1 +\n$/);
});

test("a name can be bound before there is a container, which then shows at the next read", () => {
  const { names, ask, start } = openOn();
  expect(walk(ask, MEMINFO)).toEqual({ kind: "error", errno: ERRNO.ENOENT });
  names.register("web", "0::/web\n");

  expect(walk(ask, MEMINFO)).toMatchObject({ kind: "entry", attributesValidMs: 0 });
  expect(read(ask, MEMINFO)).toBe(ERRNO.ESRCH);
  start(64);
  expect(read(ask, MEMINFO)).toMatch(/^MemTotal: +65536 kB\n/);
});

test("a container that ended takes its text along, and the page is known to be old", async () => {
  const { host, names, ask, start, clock } = openOn();
  names.register("web", "0::/web\n");
  start(64);
  walk(ask, MEMINFO);
  const before = ask({ kind: "getattr", node: nodeIdOf(MEMINFO) });
  host.kill(41);
  host.cgroup("/web", { "cgroup.procs": "" });
  await clock.advance(100);
  const after = ask({ kind: "getattr", node: nodeIdOf(MEMINFO) });
  if (before.kind !== "attributes" || after.kind !== "attributes") throw new Error("no attributes");

  expect(after.validMs).toBe(0);
  expect(after.attributes.sizeBytes).toBe(before.attributes.sizeBytes);
  expect(after.attributes.timeMs).not.toBe(before.attributes.timeMs);
  expect(read(ask, MEMINFO)).toBe(ERRNO.ESRCH);
});

test("a page is the text that its attributes announced, though it was fetched later", async () => {
  const { host, names, ask, start, clock } = openOn();
  names.register("web", "0::/web\n");
  start(64);
  walk(ask, MEMINFO);
  ask({ kind: "getattr", node: nodeIdOf(MEMINFO) });
  host.cgroup("/web", { "cgroup.procs": "41\n", "memory.max": `${32 * 2 ** 20}\n` });
  await clock.advance(99);
  const page = ask({
    kind: "read",
    node: nodeIdOf(MEMINFO),
    handle: 0,
    offset: 0,
    size: 30,
    isDirect: false,
  });

  expect(page.kind === "data" && Buffer.from(page.data).toString()).toMatch(/^MemTotal: +65536 kB/);
  await clock.advance(1);
  expect(read(ask, MEMINFO)).toMatch(/^MemTotal: +32768 kB\n/);
});

test("what a container's runtime was told before it set the limits is told to nobody else", async () => {
  const { host, names, ask, clock } = openOn();
  names.register("web", "0::/web\n");
  host.cgroup("/web", { "cgroup.procs": "41\n" });
  const process = { cgroupNamespace: 2, pidNamespace: 2, cgroup: "/web", nsPids: [41, 1] };
  host.process(41, { ...process, startTicks: 99_990 });
  expect(walk(ask, MEMINFO)).toMatchObject({ kind: "entry", attributesValidMs: 0 });
  host.cgroup("/web", { "cgroup.procs": "41\n", "memory.max": `${64 * 2 ** 20}\n` });
  expect(read(ask, MEMINFO)).toMatch(/^MemTotal: +65536 kB\n/);

  await clock.advance(2000);
  host.write("proc/uptime", "1002.00 1900.00\n");
  expect(ask({ kind: "getattr", node: nodeIdOf(MEMINFO) })).toMatchObject({ validMs: 100 });
});

test("directories, and nothing that is not there", () => {
  const { names, ask } = openOn();
  names.register("web", "0::/web\n");
  names.register("db", "0::/db\n");

  expect(list(ask, "")).toEqual(["db", "web"]);
  walk(ask, "web/proc/pressure");
  expect(list(ask, "web")).toEqual(["proc"]);
  expect(list(ask, "web/proc")).toContain("meminfo");
  expect(list(ask, "web/proc/pressure")).toEqual(["cpu", "io", "memory"]);
  expect(walk(ask, "web/proc")).toMatchObject({ attributes: { mode: S_IFDIR | 0o555 } });
  for (const path of ["../etc", "web/..", "web/proc/../meminfo", "web/sys", "other", "web/proc/stat"]) {
    expect(walk(ask, path), path).toEqual({ kind: "error", errno: ERRNO.ENOENT });
  }
});

test("the kernel is to open by itself; a node of a server before is found again", () => {
  const { names, ask, start, restart } = openOn();
  names.register("web", "0::/web\n");
  start(64);
  walk(ask, MEMINFO);
  restart();

  expect(ask({ kind: "open", node: nodeIdOf(MEMINFO), flags: 0 })).toEqual({
    kind: "error",
    errno: ERRNO.ENOSYS,
  });
  expect(read(ask, MEMINFO)).toMatch(/^MemTotal: +65536 kB\n/);
  expect(ask({ kind: "getattr", node: 4711 })).toEqual({ kind: "error", errno: ERRNO.ESTALE });
  expect(ask({ kind: "readlink", node: nodeIdOf(MEMINFO) })).toMatchObject({ errno: ERRNO.EINVAL });
  expect(read(ask, "web/proc")).toBe(ERRNO.EISDIR);
});
