import { describe, expect, test } from "vitest";
import { cpuinfo } from "../../../../lxcfs-shim/proc-files/cpuinfo.ts";
import { loadavg } from "../../../../lxcfs-shim/proc-files/loadavg.ts";
import { meminfo } from "../../../../lxcfs-shim/proc-files/meminfo.ts";
import type { ProcFile } from "../../../../lxcfs-shim/proc-files/types.ts";
import { openViewpoints } from "../../../../lxcfs-shim/view/viewpoints.ts";
import { fixtureRoot } from "../../../support/fixture-hosts.ts";
import { ManualClock } from "../../../support/manual-clock.ts";

const POD = "/kubepods/burstable/pod3f1c";
const OUTER = "/system.slice/docker-d1nd.scope";
const INNER = `${OUTER}/docker/1nner`;
const LXC = "/lxc.payload.web";

/** Who asks, and what it is to see: its cgroup ("" for the host), MemTotal in MiB, CPUs, and the newest pid it knows. */
type Caller = readonly [
  pid: number,
  who: string,
  cgroup: string,
  mebibytes: number,
  cpus: readonly number[],
  lastPid: number,
];

const HOSTS: Readonly<Record<string, readonly Caller[]>> = {
  // The cgroupfs driver; pods whose containers share a pid namespace, all in the host's cgroup namespace.
  "v1-kubernetes": [
    [1240, "a container of a pod", `${POD}/web`, 256, [0], 41],
    [1300, "kubectl exec into it", `${POD}/web`, 256, [0], 41],
    [1260, "its neighbour, limited by the pod", `${POD}/log`, 512, [0, 1], 15],
    [1201, "the pause container", `${POD}/pause`, 512, [0, 1], 1],
    [1400, "a pod without limits", "/kubepods/besteffort/pod77aa/db", 1792, [0, 1], 1],
    [900, "the kubelet", "", 1987, [0, 1], 31877],
  ],
  "v2-guests": [
    [5001, "Docker in Docker: the outer dockerd, moved down", OUTER, 1024, [0, 1], 131],
    [5100, "Docker in Docker: a container, with more than the outer one has", INNER, 1024, [0], 9],
    [5130, "docker exec into it", INNER, 1024, [0], 9],
    [8002, "nsenter into all its namespaces", INNER, 1024, [0], 9],
    [6001, "LXC: systemd", LXC, 512, [2, 3], 412],
    [6040, "LXC: a service of its", LXC, 512, [2, 3], 412],
    [6050, "LXC: a user's shell, four slices deep", LXC, 512, [2, 3], 412],
    [6070, "LXC: a service with mounts of its own", LXC, 512, [2, 3], 412],
    [6060, "Docker in LXC", `${LXC}/system.slice/docker-1n1xc.scope`, 128, [2, 3], 1],
    [7001, "--pid=host, memory controller alone", "/system.slice/docker-a9ent.scope", 64, [0, 1, 2, 3], 7001],
    [8001, "the host's shell", "", 7954, [0, 1, 2, 3], 31877],
    [8003, "nsenter into mounts alone", "/user.slice/user-0.slice/session-4.scope", 7954, [0, 1, 2, 3], 8003],
  ],
};

describe.for(Object.entries(HOSTS))("on %s", ([name, callers]) => {
  const viewpoints = openViewpoints({ root: fixtureRoot(name), clock: new ManualClock() });
  const read = (file: ProcFile, pid: number): string => {
    const rendered = viewpoints.render(file, viewpoints.of(pid));
    return rendered.kind === "text" ? rendered.text : rendered.reason;
  };

  test.for(callers)("%i, %s, is in %j", ([pid, , cgroup, mebibytes, cpus, lastPid]) => {
    const identity = viewpoints.identify(pid);
    const { unified, controllers } =
      identity.kind === "container" ? identity.container.cgroup : { unified: "", controllers: new Map() };

    expect(unified ?? controllers.get("memory")).toBe(cgroup);
    expect(Math.floor(Number(/\d+/.exec(read(meminfo, pid))?.[0]) / 1024)).toBe(mebibytes);
    expect(
      read(cpuinfo, pid)
        .match(/(?<=^processor\t: )\d+/gm)
        ?.map(Number),
    ).toEqual(cpus);
    expect(Number(/\d+$/m.exec(read(loadavg, pid))?.[0])).toBe(lastPid);
  });
});
