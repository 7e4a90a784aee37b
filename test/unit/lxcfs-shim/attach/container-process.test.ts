import { fstatSync } from "node:fs";
import { afterAll, expect, test } from "vitest";
import { openContainerProcess, readHostMounts } from "../../../../lxcfs-shim/attach/container-process.ts";
import { AttachHost, containerMountinfo, HOST_MOUNTINFO } from "../../../support/attach-host.ts";
import { Cleanup } from "../../../support/cleanup.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

const host = new AttachHost(cleanup.temporaryFolder());
const open = (pid: number) => openContainerProcess(host.root, pid, readHostMounts(host.root));

test("a container's process is held, whatever becomes of its pid", () => {
  host.inside(10);

  const held = open(10);
  host.kill(10);

  expect(held).toMatchObject({ pid: 10, mountNamespace: "mnt:[10]" });
  expect(held.mounts.map(({ mountPoint }) => mountPoint)).toEqual(["/", "/proc", "/sys"]);
  expect(fstatSync(held.descriptor).isDirectory()).toBe(true);
  held.close();
  expect(() => fstatSync(held.descriptor)).toThrow("EBADF");
});

test("a container in the host's pid namespace has a root of its own", () => {
  host.inside(11, { pidNamespace: 1 });

  expect(() => open(11).close()).not.toThrow();
});

test.for([
  ["the host's own", 20, { mountNamespace: 1, pidNamespace: 1 }, HOST_MOUNTINFO, /the host's own mount/],
  [
    "pid 1's, though in a pid namespace of its own",
    21,
    { mountNamespace: 1 },
    HOST_MOUNTINFO,
    /the host's own/,
  ],
  ["a service with a private /tmp", 22, { pidNamespace: 1 }, HOST_MOUNTINFO, /only some of its mounts/],
  ["without a /proc", 23, {}, "100 90 0:50 / / rw - overlay overlay rw\n", /it has no \/proc/],
  [
    "with something else on /proc",
    24,
    {},
    containerMountinfo("103 101 0:60 / /proc rw - tmpfs tmpfs rw"),
    /it has no \/proc/,
  ],
  [
    "whose mounts would come up on the host",
    25,
    {},
    "100 90 254:0 / / rw - ext4 /dev/vda rw\n101 100 0:21 / /proc rw shared:5 - proc proc rw\n",
    /comes up on the host's/,
  ],
] as const)("refused: %s", ([, pid, options, mountinfo, why]) => {
  host.inside(pid, options, mountinfo);

  expect(() => open(pid)).toThrow(why);
  expect(() => open(pid)).toThrow(expect.objectContaining({ code: "NOT_A_CONTAINER" }));
});

test("asked from a container that sees the host's processes, the host is where its first ones are", () => {
  const own = new AttachHost(cleanup.temporaryFolder());
  own.link("proc/self/ns/mnt", "mnt:[40]");
  own.write("proc/self/mountinfo", containerMountinfo());
  own.remove("proc/1/ns/mnt"); // a hardened kernel hides it
  own.write("proc/2/stat", "2 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0 0 0 0 0 20 0 1 0 1 0 0 0\n");
  own.link("proc/2/ns/mnt", "mnt:[1]");
  own.write("proc/2/mountinfo", HOST_MOUNTINFO);
  own.inside(41, { mountNamespace: 1, pidNamespace: 1 }, HOST_MOUNTINFO);
  own.inside(42, { mountNamespace: 3, pidNamespace: 1 }, HOST_MOUNTINFO);
  const openHere = (pid: number) => openContainerProcess(own.root, pid, readHostMounts(own.root));

  expect(() => openHere(41)).toThrow("the host's own mount namespace");
  expect(() => openHere(42)).toThrow("only some of its mounts are its own");
});

test("mounts shared among containers only are no danger to the host", () => {
  const mountinfo =
    "100 90 0:50 / / rw - overlay overlay rw\n101 100 0:51 / /proc rw shared:6 - proc proc rw\n";
  host.inside(26, {}, mountinfo);

  expect(() => open(26).close()).not.toThrow();
});

test("a process that is gone, or a zombie", () => {
  host.inside(30);
  host.remove("proc/30/ns/mnt");

  expect(() => open(29)).toThrow(expect.objectContaining({ code: "NOT_FOUND" }));
  expect(() => open(29)).toThrow("process 29: there is none");
  expect(() => open(30)).toThrow("process 30: there is none");
});
