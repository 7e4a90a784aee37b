import type { CgroupPath } from "../cgroup/reader.ts";
import type { HostRoot } from "../host-root.ts";
import { malformed, parseLines } from "../lines.ts";
import { readKernelAttribute } from "../text.ts";

/*
 * 9:name=systemd:/user.slice
 * 4:cpu,cpuacct:/docker/4f0b
 * 1:memory:/docker/4f0b
 * 0::/user.slice
 *
 * cgroups(7), "/proc files". Hierarchy 0 is the unified one. A named hierarchy has no controller and is
 * left out. From inside a cgroup namespace a cgroup above its root reads `/../…`.
 */

export function parsePidCgroup(text: string, path = "PID/cgroup"): CgroupPath {
  let unified: string | undefined;
  const controllers = new Map<string, string>();
  for (const line of parseLines(text, path)) {
    // The path itself may hold colons.
    const [, id, names = "", cgroup = ""] = /^(\d+):([^:]*):(\/.*)$/.exec(line.text) ?? malformed(line);
    if (id === "0") unified = cgroup;
    else if (!names.startsWith("name=")) for (const name of names.split(",")) controllers.set(name, cgroup);
  }
  return { unified, controllers };
}

export function readPidCgroup(root: HostRoot, pid: number | "self"): CgroupPath | undefined {
  const text = readPidCgroupText(root, pid);
  return text === undefined ? undefined : parsePidCgroup(text, root.proc(`${pid}/cgroup`));
}

/** For who only wants to know whether it is another one. */
export function readPidCgroupText(root: HostRoot, pid: number | "self"): string | undefined {
  return readKernelAttribute(root.proc(`${pid}/cgroup`));
}
