import { afterAll, describe, expect, test } from "vitest";
import { isKeyOfLiving, readContainer, readContainerCgroup } from "../../../../lxcfs-shim/view/container.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { FakeHost } from "../../../support/fake-host.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

test("a container is its first process' cgroup and numbering", () => {
  const host = new FakeHost(cleanup.temporaryFolder());
  host.process(41, { cgroup: "/web", nsPids: [41, 7, 1] });

  expect(readContainer(host.root, "k", { pid: 41, startTicks: 5 })).toEqual({
    key: "k@41.5",
    init: 41,
    startTicks: 5,
    cgroup: { unified: "/web", controllers: new Map() },
    pidLevel: 2,
  });
  expect(readContainer(host.root, "k", { pid: 42, startTicks: 5 })).toBeUndefined();
});

test("a key tells whether its container still runs, and not another process of that pid", () => {
  const host = new FakeHost(cleanup.temporaryFolder());
  host.process(41, { startTicks: 5 });

  expect(isKeyOfLiving(host.root, "cgroup /a@b@41.5")).toBe(true);
  for (const key of ["k@41.6", "k@42.5", "k@41", "k"]) expect(isKeyOfLiving(host.root, key), key).toBe(false);
});

describe("a first process that has moved itself down", () => {
  const MOUNTS = "30 21 0:25 AT /sys/fs/cgroup rw,nosuid master:9 - cgroup2 cgroup2 rw,nsdelegate\n";
  const cgroupWith = (mountinfo: string | undefined): string | undefined => {
    const host = new FakeHost(cleanup.temporaryFolder());
    host.process(41, { cgroup: "/docker/web/init", nsPids: [41, 1] });
    if (mountinfo !== undefined) host.write("proc/41/mountinfo", mountinfo);
    return readContainer(host.root, "k", { pid: 41, startTicks: 5 })?.cgroup.unified;
  };

  test("is in the cgroup that it has mounted", () => {
    expect(cgroupWith(MOUNTS.replace("AT", "/docker/web"))).toBe("/docker/web");
  });

  test.for([
    ["the host's cgroups", "/"],
    ["its own one", "/docker/web/init"],
    ["somebody else's", "/docker/we"],
  ])("is where it is with %s mounted", ([, at = ""]) => {
    expect(cgroupWith(MOUNTS.replace("AT", at))).toBe("/docker/web/init");
  });

  test("is where it is with none, with one elsewhere, or where nobody may look", () => {
    expect(cgroupWith(undefined)).toBe("/docker/web/init");
    expect(cgroupWith(MOUNTS.replace("AT", "/docker/web").replace("/sys/", "/mnt/"))).toBe(
      "/docker/web/init",
    );
    expect(cgroupWith("nobody can parse this\n")).toBe("/docker/web/init");
  });

  test("is found among other mounts, and where the list was cut", () => {
    const others = "29 21 0:24 / /sys rw - sysfs sysfs rw\n31 21 0:26 / /proc rw - proc proc rw\n";
    const own = MOUNTS.replace("AT", "/docker/web");
    for (const text of [others + own + others, others + own.trimEnd()])
      expect(cgroupWith(text), text).toBe(text.endsWith("\n") ? "/docker/web" : "/docker/web/init");
  });

  test("is where it is with the host's mounts: they are not looked at", () => {
    const host = new FakeHost(cleanup.temporaryFolder());
    host.process(41, { cgroup: "/docker/web/init", nsPids: [41, 1], mountNamespace: 1 });
    host.write("proc/41/mountinfo", MOUNTS.replace("AT", "/docker/web"));
    const unifiedBeside = (hostMounts: string): string | undefined =>
      readContainer(host.root, "k", { pid: 41, startTicks: 5 }, { hostMounts })?.cgroup.unified;

    expect(unifiedBeside("mnt:[1]")).toBe("/docker/web/init");
    expect(unifiedBeside("mnt:[2]")).toBe("/docker/web");
  });

  test("is found on each hierarchy of v1", () => {
    const host = new FakeHost(cleanup.temporaryFolder());
    host.process(41, { nsPids: [41, 1] });
    host.write("proc/41/cgroup", "2:cpu,cpuacct:/docker/web/init\n1:memory:/docker/web/init\n");
    host.write(
      "proc/41/mountinfo",
      "40 29 0:29 /docker/web /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n",
    );

    expect(readContainer(host.root, "k", { pid: 41, startTicks: 5 })?.cgroup.controllers).toEqual(
      new Map([
        ["cpu", "/docker/web"],
        ["cpuacct", "/docker/web"],
        ["memory", "/docker/web/init"],
      ]),
    );
  });
});

test("a systemd's own scope is not the container, on any hierarchy", () => {
  const host = new FakeHost(cleanup.temporaryFolder());
  host.write("proc/41/cgroup", "3:memory:/lxc/a/init.scope\n2:cpu:/init.scope\n0::/lxc/init.scoped\n");

  expect(readContainerCgroup(host.root, 41)).toEqual({
    unified: "/lxc/init.scoped",
    controllers: new Map([
      ["memory", "/lxc/a"],
      ["cpu", "/"],
    ]),
  });
});
