import type { HostRoot } from "../../core/kernel/host-root.ts";
import { readPidCgroup } from "../../core/kernel/proc/pid-cgroup.ts";

// 4:memory:/docker/4f0b…        Docker with cgroupfs
// 0::/system.slice/docker-4f0b….scope        Docker with systemd
// 0::/kubepods.slice/kubepods-pod7c….slice/cri-containerd-4f0b….scope
//
// Every engine gives a container 64 hexadecimal digits, and its cgroup that name.

const ID = /(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])/g;

/** What the engine calls the container that `pid` is in: the innermost; undefined when no engine made it, or it is gone. */
export function readContainerId(root: HostRoot, pid: number): string | undefined {
  const cgroup = readPidCgroup(root, pid);
  if (cgroup === undefined) return undefined;
  const paths = [cgroup.unified ?? "", ...cgroup.controllers.values()];
  return paths.map((path) => path.match(ID)?.at(-1)).find((id) => id !== undefined);
}
