import type { CgroupPath } from "../../core/kernel/cgroup/reader.ts";
import type { HostRoot } from "../../core/kernel/host-root.ts";
import { readPidCgroup } from "../../core/kernel/proc/pid-cgroup.ts";
import { NotFoundError, UsageError } from "../../core/runtime/errors.ts";
import { readContainerCgroup } from "../view/container.ts";
import type { Names } from "./names.ts";

/** What is registered: a container's cgroup, that need not be there yet, or that of a process of it. */
export function cgroupText(
  root: HostRoot,
  target: { readonly pid: number } | { readonly cgroup: string },
): string {
  if ("pid" in target) {
    const cgroup = readContainerCgroup(root, target.pid);
    if (cgroup === undefined) throw new NotFoundError(`no process ${target.pid}`);
    return linesOf(cgroup);
  }
  const { cgroup } = target;
  if (!/^\/[^\n]*$/.test(cgroup) || /\/\.\.?(?:\/|$)/.test(cgroup)) {
    throw new UsageError(`--cgroup: ${JSON.stringify(cgroup)} is not a path from the root of the hierarchy`);
  }
  const { unified, controllers } = hierarchiesOf(root);
  return linesOf({
    unified: unified && cgroup,
    controllers: new Map([...controllers].map(([name]) => [name, cgroup])),
  });
}

export function describeNames(names: Names): string {
  return names
    .list()
    .map((name) => `${name} ${longestPath(names.cgroupOf(name))}\n`)
    .join("");
}

/** Of this host, as whoever runs here is in them. */
function hierarchiesOf(root: HostRoot): CgroupPath {
  return readPidCgroup(root, "self") ?? { unified: "/", controllers: new Map() };
}

/** As proc_pid_cgroup(5): 0 is the unified hierarchy, the other numbers mean nothing. */
function linesOf({ unified, controllers }: CgroupPath): string {
  const v1 = [...controllers].map(([name, path], index) => `${index + 1}:${name}:${path}\n`);
  return [...v1, ...(unified === undefined ? [] : [`0::${unified}\n`])].join("");
}

/** A container has its own cgroup on some hierarchies, and may be in the root of others. */
function longestPath(cgroup: CgroupPath | undefined): string {
  const paths = [...(cgroup?.controllers.values() ?? []), cgroup?.unified ?? "/"];
  return paths.reduce((longest, path) => (path.length > longest.length ? path : longest), "/");
}
