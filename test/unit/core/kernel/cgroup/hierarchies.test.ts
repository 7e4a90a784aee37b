import { describe, expect, it } from "vitest";
import { directoryOf, findHierarchies } from "../../../../../core/kernel/cgroup/hierarchies.ts";
import { fixtureHost, tempHost } from "../hosts.ts";

const MOUNTS = "proc/self/mountinfo";
const line = (root: string, point: string, rest: string) => `1 2 0:1 ${root} ${point} rw - ${rest}\n`;

describe("findHierarchies by mountinfo", () => {
  it("finds the one hierarchy of v2", () => {
    const host = fixtureHost("v2-systemd");
    const { unified, controllers } = findHierarchies(host);
    expect(unified).toEqual({ mountPoint: host.cgroup(""), root: "/" });
    expect(controllers.size).toBe(0);
  });

  it("finds both sides of a hybrid host", () => {
    const host = fixtureHost("v1-hybrid");
    const { unified, controllers } = findHierarchies(host);
    expect(unified?.mountPoint).toBe(host.cgroup("unified"));
    expect([...controllers.keys()].sort()).toEqual(["blkio", "cpu", "cpuacct", "cpuset", "memory", "pids"]);
    expect(controllers.get("memory")).toEqual({ mountPoint: host.cgroup("memory"), root: "/" });
  });

  it("finds co-mounted controllers under either name, and the part a container was given", () => {
    const host = tempHost({
      [MOUNTS]: line("/docker/4f", "/sys/fs/cgroup/cpu,cpuacct", "cgroup cgroup rw,cpuacct,cpu"),
    });
    const { unified, controllers } = findHierarchies(host);
    expect(unified).toBeUndefined();
    expect(controllers.get("cpu")).toEqual({ mountPoint: host.cgroup("cpu,cpuacct"), root: "/docker/4f" });
    expect(controllers.get("cpuacct")).toBe(controllers.get("cpu"));
  });

  it("leaves out named hierarchies, and mounts elsewhere", () => {
    const host = tempHost({
      [MOUNTS]:
        line("/", "/sys/fs/cgroup/systemd", "cgroup cgroup rw,name=systemd") +
        line("/", "/elsewhere/memory", "cgroup cgroup rw,memory") +
        line("/", "/sys/fs/cgroup2", "cgroup2 cgroup2 rw"),
    });
    expect(findHierarchies(host)).toEqual({ unified: undefined, controllers: new Map() });
  });
});

describe("findHierarchies by layout, without mountinfo", () => {
  it.each([
    ["v2", { "cgroup.controllers": "", "memory/cgroup.procs": "" }, "", []],
    ["hybrid", { "unified/cgroup.controllers": "", "memory/cgroup.procs": "" }, "unified", ["memory"]],
    ["v1", { "cpu/cgroup.procs": "", "cpuacct/cgroup.procs": "" }, undefined, ["cpu", "cpuacct"]],
    ["none", {}, undefined, []],
  ])("%s", (_, files, unified, names) => {
    const below = Object.entries(files).map(([name, text]) => [`sys/fs/cgroup/${name}`, text]);
    const host = tempHost(Object.fromEntries(below));
    const found = findHierarchies(host);
    expect(found.unified?.mountPoint).toBe(unified === undefined ? undefined : host.cgroup(unified));
    expect([...found.controllers.keys()]).toEqual(names);
  });
});

describe("directoryOf", () => {
  it.each([
    ["/", "/", "/mnt"],
    ["/", "/a/b", "/mnt/a/b"],
    ["/docker/4f", "/docker/4f", "/mnt"],
    ["/docker/4f", "/docker/4f/a", "/mnt/a"],
    ["/docker/4f", "/docker/4f0", undefined],
    ["/docker/4f", "/docker", undefined],
    ["/docker/4f", "/", undefined],
    ["/", "/../x", undefined],
    ["/", "/a/../../x", undefined],
    ["/../..", "/../../x", "/mnt/x"],
    ["/../..", "/../../../x", undefined],
    ["/", "/a..b/..c", "/mnt/a..b/..c"],
  ])("mount root %s, cgroup %s", (root, path, directory) => {
    expect(directoryOf({ mountPoint: "/mnt", root }, path)).toBe(directory);
  });
});
