import { afterAll, describe, expect, test } from "vitest";
import { S_IFDIR, S_IFLNK, S_IFMT, S_IFREG } from "../../../../lxcfs-shim/file-system/host-files.ts";
import { nodeIdOf, ROOT_NODE } from "../../../../lxcfs-shim/file-system/node-id.ts";
import { openShimFileSystem } from "../../../../lxcfs-shim/file-system/shim-file-system.ts";
import { ERRNO } from "../../../../lxcfs-shim/fuse/errno.ts";
import type { Operation, Reply } from "../../../../lxcfs-shim/fuse/operation.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { FakeHost } from "../../../support/fake-host.ts";
import { ManualClock } from "../../../support/manual-clock.ts";
import { recordLog } from "../../../support/record-log.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

const CPU = "sys/devices/system/cpu";
/** In a container with CPUs 1 and 2 of the host's four; the host's own; and one that is no more. */
const [INSIDE, HOST, GONE] = [41, 99, 4711];

function openOn() {
  const host = new FakeHost(cleanup.temporaryFolder());
  const files = { "cgroup.procs": "41\n", "memory.max": "268435456\n", "cpu.max": "200000 100000\n" };
  host.cgroup("/web", { ...files, "cpuset.cpus.effective": "1-3\n" });
  host.process(INSIDE, { cgroupNamespace: 2, pidNamespace: 2, cgroup: "/web", nsPids: [41, 1] });
  host.process(HOST);
  for (const cpu of [0, 1, 2, 3]) {
    host.write(`${CPU}/cpu${cpu}/topology/core_id`, `${cpu}\n`);
    host.link(`${CPU}/cpu${cpu}/subsystem`, "../../../../bus/cpu");
  }
  host.write(`${CPU}/kernel_max`, "8191\n");
  const log = recordLog();
  const fileSystem = openShimFileSystem({ root: host.root, log, clock: new ManualClock() });
  const ask = (operation: Operation, pid: number = INSIDE): Reply =>
    fileSystem.handle(operation, { pid, uid: 0, gid: 0 });
  return { host, log, ask };
}

type Ask = ReturnType<typeof openOn>["ask"];

/** Looks every part of a path up, as the kernel does. */
function walk(ask: Ask, path: string, pid?: number): Reply {
  let [node, reply]: [number, Reply | undefined] = [ROOT_NODE, undefined];
  for (const name of path.split("/")) {
    reply = ask({ kind: "lookup", parent: node, name }, pid);
    if (reply.kind !== "entry") return reply;
    node = reply.attributes.node;
  }
  return reply ?? { kind: "none" };
}

function read(ask: Ask, path: string, pid?: number): string | number {
  const node = nodeIdOf(path);
  const opened = ask({ kind: "open", node, flags: 0 }, pid);
  if (opened.kind !== "opened") return opened.kind === "error" ? opened.errno : -1;
  const reply = ask(
    { kind: "read", node, handle: opened.handle, offset: 0, size: 4096, isDirect: true },
    pid,
  );
  ask({ kind: "release", node, handle: opened.handle }, pid);
  return reply.kind === "data"
    ? Buffer.from(reply.data).toString()
    : reply.kind === "error"
      ? reply.errno
      : -1;
}

function list(ask: Ask, path: string, pid?: number): readonly string[] {
  const reply = ask({ kind: "readdir", node: nodeIdOf(path), handle: 0, offset: 0, size: 4096 }, pid);
  return reply.kind === "entries" ? reply.entries.map(({ name }) => name) : [];
}

function error(errno: number): Reply {
  return { kind: "error", errno };
}

describe("files there are many of", () => {
  const LIST = `${CPU}/cpu2/topology/core_siblings_list`;

  test("are the caller's where the host has them", () => {
    const { host, ask } = openOn();
    host.write(LIST, "0-3\n");

    expect(walk(ask, LIST)).toMatchObject({
      kind: "entry",
      attributes: { mode: S_IFREG | 0o444 },
      validMs: 0,
    });
    expect(read(ask, LIST)).toBe("1-2\n");
    expect(read(ask, LIST, HOST)).toBe("0-3\n");
  });

  test("are not there where the host has none, or for a CPU of somebody else", () => {
    const { host, ask } = openOn();
    host.write(LIST.replace("cpu2", "cpu3"), "0-3\n");

    expect(walk(ask, LIST)).toEqual(error(ERRNO.ENOENT));
    expect(walk(ask, LIST.replace("cpu2", "cpu3"))).toEqual(error(ERRNO.ENOENT));
    expect(walk(ask, LIST.replace("cpu2", "cpu3"), HOST)).toMatchObject({ kind: "entry" });
  });
});

test("NUMA nodes are there where the host has some, without other people's CPUs", () => {
  const { host, ask } = openOn();
  const system = "sys/devices/system";
  expect(list(ask, system)).toEqual([".", "..", "cpu"]);

  host.write(`${system}/node/node0/cpulist`, "0-3\n");
  for (const cpu of [0, 1]) host.link(`${system}/node/node0/cpu${cpu}`, `../../cpu/cpu${cpu}`);
  expect(list(ask, system)).toEqual([".", "..", "cpu", "node"]);
  expect(list(ask, `${system}/node/node0`)).toEqual([".", "..", "cpu1", "cpulist"]);
  expect(read(ask, `${system}/node/node0/cpulist`)).toBe("1-2\n");
});

test("slabinfo is for root alone, as in procfs", () => {
  expect(walk(openOn().ask, "proc/slabinfo")).toMatchObject({ attributes: { mode: S_IFREG | 0o400 } });
});

test("pressure of interrupts is there where the host has it", () => {
  const { host, ask } = openOn();
  const irq = "proc/pressure/irq";
  expect(walk(ask, irq)).toEqual(error(ERRNO.ENOENT));
  expect(list(ask, "proc/pressure")).not.toContain("irq");

  host.write(irq, "full avg10=0.00 avg60=0.00 avg300=0.00 total=7\n");
  expect(list(ask, "proc/pressure")).toContain("irq");
  expect(walk(ask, irq)).toMatchObject({ kind: "entry" });
  expect(read(ask, irq)).toBe("full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n");
  expect(read(ask, irq, HOST)).toMatch(/total=7$/m);
});

test("a text is kept for callers of one personality, where that makes a difference", () => {
  const { host } = openOn();
  host.write("proc/42/personality", "00000008\n");
  host.process(42, { cgroupNamespace: 2, pidNamespace: 2, cgroup: "/web", nsPids: [42, 2] });
  const fileSystem = openShimFileSystem({
    root: host.root,
    log: recordLog(),
    clock: new ManualClock(),
    freshnessMs: 100,
    linux32Cpuinfo: "processor\t: 1\nmodel name\t: of 32 bits\n\n",
  });
  const ask = (operation: Operation, pid: number = INSIDE): Reply =>
    fileSystem.handle(operation, { pid, uid: 0, gid: 0 });

  expect(read(ask, "proc/cpuinfo")).toContain("A CPU");
  expect(read(ask, "proc/cpuinfo", 42)).toContain("of 32 bits");
  expect(read(ask, "proc/cpuinfo")).toContain("A CPU");
});

test("what a container's runtime was told before it set the limits is told to nobody else", () => {
  const { host } = openOn();
  const process = { cgroupNamespace: 2, pidNamespace: 2, cgroup: "/web", nsPids: [41, 1] };
  host.process(INSIDE, { ...process, startTicks: 99_990 });
  const options = { root: host.root, log: recordLog(), clock: new ManualClock(), freshnessMs: 100 };
  const fileSystem = openShimFileSystem(options);
  const ask = (operation: Operation): Reply => fileSystem.handle(operation, { pid: INSIDE, uid: 0, gid: 0 });
  walk(ask, "proc/meminfo");
  host.cgroup("/web", { "memory.max": "134217728\n" });

  expect(read(ask, "proc/meminfo")).toContain("MemTotal:         131072 kB");
});

test("a trigger cannot be set, which is said when a pressure file is opened for it", () => {
  const { ask } = openOn();

  expect(walk(ask, "proc/pressure/memory")).toMatchObject({ attributes: { mode: S_IFREG | 0o666 } });
  expect(ask({ kind: "open", node: nodeIdOf("proc/pressure/memory"), flags: 2 })).toEqual(
    error(ERRNO.EOPNOTSUPP),
  );
});

describe("files", () => {
  test("go past the page cache, which all callers share", () => {
    const { ask } = openOn();
    const node = nodeIdOf("proc/meminfo");
    walk(ask, "proc/meminfo");

    expect(ask({ kind: "read", node, handle: 1, offset: 0, size: 4096, isDirect: false })).toEqual(
      error(ERRNO.EINVAL),
    );
  });

  test("look like those of procfs", () => {
    const { ask } = openOn();

    expect(walk(ask, "proc/meminfo")).toMatchObject({
      kind: "entry",
      attributes: { node: nodeIdOf("proc/meminfo"), mode: S_IFREG | 0o444, sizeBytes: 4096, links: 1 },
      validMs: 3_600_000,
      attributesValidMs: 0,
    });
    expect(ask({ kind: "getattr", node: nodeIdOf("proc") })).toMatchObject({
      attributes: { mode: S_IFDIR | 0o555, links: 2 },
    });
  });

  test("are what the caller's container has, the host's for the host", () => {
    const { ask } = openOn();

    expect(read(ask, "proc/meminfo")).toContain("MemTotal:         262144 kB");
    expect(read(ask, "proc/meminfo", HOST)).toContain("MemTotal:        4194304 kB");
    expect(read(ask, "proc/cpuinfo")).toBe(
      "processor\t: 1\nmodel name\t: A CPU\n\nprocessor\t: 2\nmodel name\t: A CPU\n\n",
    );
    expect(read(ask, `${CPU}/online`)).toBe("1-2\n");
    expect(read(ask, `${CPU}/online`, HOST)).toBe("0-3\n");
    expect(read(ask, `${CPU}/offline`)).toBe("0,3\n");
  });

  test("are read past the page cache, which all containers share", () => {
    const { ask } = openOn();

    expect(ask({ kind: "open", node: nodeIdOf("proc/stat"), flags: 0 })).toMatchObject({
      kind: "opened",
      directIo: true,
    });
  });

  test.for([
    ["O_WRONLY", 1],
    ["O_RDWR", 2],
    ["O_TRUNC", 0o1000],
  ] as const)("are not opened with %s", ([, flags]) => {
    const { ask } = openOn();

    expect(ask({ kind: "open", node: nodeIdOf("proc/meminfo"), flags })).toEqual(error(ERRNO.EACCES));
  });

  test("kept open they are new at each read from the beginning", () => {
    const { host, ask } = openOn();
    const node = nodeIdOf("proc/meminfo");
    const opened = ask({ kind: "open", node, flags: 0 });
    const handle = opened.kind === "opened" ? opened.handle : -1;
    const at = (offset: number): string => {
      const reply = ask({ kind: "read", node, handle, offset, size: 27, isDirect: true });
      return reply.kind === "data" ? Buffer.from(reply.data).toString() : reply.kind;
    };
    expect(at(0)).toBe("MemTotal:         262144 kB");
    host.cgroup("/web", { "memory.max": "134217728\n" });
    expect(at(1)).toBe("emTotal:         262144 kB\n");
    expect(at(0)).toBe("MemTotal:         131072 kB");
    expect(at(100_000)).toBe("");
  });
});

describe("directories", () => {
  test("list what is in them", () => {
    const { ask } = openOn();

    expect(list(ask, "")).toEqual([".", "..", "proc", "sys"]);
    expect(list(ask, "proc")).toContain("meminfo");
  });

  test("show a container the directories of its own CPUs, and the host all", () => {
    const { ask } = openOn();

    expect(
      list(ask, CPU)
        .filter((name) => /^cpu\d/.test(name))
        .sort(),
    ).toEqual(["cpu1", "cpu2"]);
    expect(list(ask, CPU, HOST)).toContain("cpu0");
    expect(list(ask, CPU)).toContain("kernel_max");
  });

  test("go on where a listing was cut", () => {
    const { ask } = openOn();
    const reply = ask({ kind: "readdir", node: ROOT_NODE, handle: 0, offset: 3, size: 4096 });

    expect(reply).toMatchObject({
      entries: [{ name: "sys", type: S_IFDIR, node: nodeIdOf("sys") }],
      offset: 3,
    });
  });

  test("can be opened as such, and not as files", () => {
    const { ask } = openOn();

    expect(ask({ kind: "opendir", node: ROOT_NODE })).toMatchObject({ kind: "opened" });
    expect(ask({ kind: "releasedir", node: ROOT_NODE, handle: 0 })).toEqual({ kind: "done" });
    expect(ask({ kind: "open", node: nodeIdOf("proc"), flags: 0 })).toEqual(error(ERRNO.EISDIR));
    expect(
      ask({ kind: "read", node: nodeIdOf("proc"), handle: 1, offset: 0, size: 1, isDirect: true }),
    ).toEqual(error(ERRNO.EISDIR));
  });
});

describe("the host's part", () => {
  test("is passed on, read only, and asked for again each time", () => {
    const { ask } = openOn();

    expect(walk(ask, `${CPU}/cpu1/topology/core_id`)).toMatchObject({
      attributes: { mode: S_IFREG | 0o444 },
      validMs: 0,
    });
    expect(read(ask, `${CPU}/cpu1/topology/core_id`)).toBe("1\n");
  });

  test("symbolic links stay links", () => {
    const { ask } = openOn();
    const link = walk(ask, `${CPU}/cpu1/subsystem`);
    expect(link.kind === "entry" && link.attributes.mode & S_IFMT).toBe(S_IFLNK);
    const reply = ask({ kind: "readlink", node: nodeIdOf(`${CPU}/cpu1/subsystem`) });

    expect(reply.kind === "data" && Buffer.from(reply.data).toString()).toBe("../../../../bus/cpu");
  });

  test("CPUs the container does not have are not there, by any name", () => {
    const { ask } = openOn();
    walk(ask, `${CPU}/cpu0/topology/core_id`, HOST);

    expect(walk(ask, `${CPU}/cpu0`)).toEqual(error(ERRNO.ENOENT));
    expect(read(ask, `${CPU}/cpu0/topology/core_id`)).toBe(ERRNO.ENOENT);
    expect(walk(ask, `${CPU}/cpu0`, HOST).kind).toBe("entry");
  });

  test("nodes of a server before are known", () => {
    const { ask } = openOn();

    expect(read(ask, `${CPU}/cpu2/topology/core_id`)).toBe("2\n");
    expect(ask({ kind: "getattr", node: 4711 })).toEqual(error(ERRNO.ESTALE));
  });

  test("a path cannot lead out of it", () => {
    const { ask } = openOn();

    for (const name of ["..", "."]) {
      expect(ask({ kind: "lookup", parent: nodeIdOf(CPU), name })).toEqual(error(ERRNO.ENOENT));
    }
  });

  test("a file that goes while it is open is the reader's to hear of", () => {
    const { host, ask } = openOn();
    walk(ask, `${CPU}/kernel_max`);
    const node = nodeIdOf(`${CPU}/kernel_max`);
    host.remove(`${CPU}/kernel_max`);

    expect(ask({ kind: "read", node, handle: 1, offset: 0, size: 9, isDirect: true })).toEqual(
      error(ERRNO.ENOENT),
    );
  });
});

describe("a caller that is gone", () => {
  test.for(["proc/meminfo", `${CPU}/online`])("is told so, and nobody else, for %s", (path) => {
    const { ask } = openOn();

    expect(read(ask, path, GONE)).toBe(ERRNO.ESRCH);
    expect(typeof read(ask, path)).toBe("string");
  });

  test("has a container that ended while it read", () => {
    const { host, ask } = openOn();
    read(ask, "proc/meminfo");
    host.kill(INSIDE);
    host.remove("sys/fs/cgroup/web");

    expect(read(ask, "proc/meminfo")).toBe(ERRNO.ESRCH);
    expect(read(ask, "proc/meminfo", HOST)).toContain("MemTotal:        4194304 kB");
  });
});

test("host values are said once", () => {
  const { host, log, ask } = openOn();
  host.remove("sys/fs/cgroup/web");
  for (let time = 0; time < 3; time += 1) read(ask, "proc/meminfo");

  expect(log.lines.filter(({ level }) => level === "warn")).toMatchObject([
    {
      message: "host values served",
      fields: { file: "meminfo", reason: expect.stringContaining("memory cgroup") },
    },
  ]);
});

test("an unknown name, statfs and forget", () => {
  const { ask } = openOn();

  expect(walk(ask, "proc/version")).toEqual(error(ERRNO.ENOENT));
  expect(ask({ kind: "statfs", node: ROOT_NODE })).toEqual({ kind: "statfs" });
  expect(ask({ kind: "forget", nodes: [{ node: 5, count: 1 }] })).toEqual({ kind: "none" });
});
