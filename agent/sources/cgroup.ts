import { readlinkSync } from "node:fs";
import { directoryOf, findHierarchies, type Hierarchies } from "../../core/kernel/cgroup/hierarchies.ts";
import type { CgroupPath } from "../../core/kernel/cgroup/reader.ts";
import { V1_FILES } from "../../core/kernel/cgroup/v1/files.ts";
import { V2_FILES } from "../../core/kernel/cgroup/v2/files.ts";
import { parseFlatKeyed, parseNumber, readAttribute } from "../../core/kernel/cgroup/values.ts";
import type { VersionFiles } from "../../core/kernel/cgroup/version-files.ts";
import type { HostRoot } from "../../core/kernel/host-root.ts";
import { readPidCgroup } from "../../core/kernel/proc/pid-cgroup.ts";
import type { Series } from "../../core/metrics/series.ts";
import { counter, gauge, type Metric, point } from "../metric.ts";
import { defineSource, NoData, type SourceKind } from "../source-kind.ts";

/** Where one controller has the container's files. */
interface Place {
  readonly files: VersionFiles;
  readonly directory: string;
}

type Value = (place: Place) => number | undefined;
type Row = readonly [metric: Metric, value: Value];

const metric = (kind: typeof counter, name: string, help: string): Metric =>
  kind(`plimsoll_cgroup_${name}`, help);

/** By controller. A limit there is not, and whatever this kernel does not count, has no series. */
const ROWS: Readonly<Record<"cpuacct" | "cpu" | "memory" | "pids", readonly Row[]>> = {
  cpuacct: [
    [
      metric(counter, "cpu_usage_seconds_total", "CPU time used."),
      ({ files, directory }) => files.cpuUsage(directory)?.usageSeconds,
    ],
  ],
  cpu: [
    [
      metric(gauge, "cpu_limit_cpus", "CPUs' worth of time it may use."),
      ({ files, directory }) => files.quotaCpus(directory),
    ],
    [
      metric(counter, "cpu_periods_total", "Periods in which it was runnable and had a limit."),
      ({ files, directory }) => files.throttling(directory)?.periods,
    ],
    [
      metric(counter, "cpu_throttled_periods_total", "Periods in which the limit stopped it."),
      ({ files, directory }) => files.throttling(directory)?.throttledPeriods,
    ],
    [
      metric(counter, "cpu_throttled_seconds_total", "Time in which the limit had stopped it."),
      ({ files, directory }) => files.throttling(directory)?.throttledSeconds,
    ],
  ],
  memory: [
    [
      metric(gauge, "memory_usage_bytes", "Memory charged to it, page cache included."),
      ({ files, directory }) => files.memory(directory)?.usageBytes,
    ],
    [
      metric(gauge, "memory_limit_bytes", "Memory it may use."),
      ({ files, directory }) => files.memory(directory)?.limitBytes,
    ],
    [
      metric(counter, "memory_limit_hits_total", "Times it reached the limit and had to reclaim."),
      ({ files, directory }) =>
        files === V2_FILES
          ? readEvent(directory, "memory.events", "max")
          : readAttribute(directory, "memory.failcnt", parseNumber),
    ],
    [
      metric(counter, "oom_kills_total", "Processes killed because it was out of memory."),
      ({ files, directory }) =>
        readEvent(directory, files === V2_FILES ? "memory.events" : "memory.oom_control", "oom_kill"),
    ],
  ],
  pids: [
    [metric(gauge, "threads", "Threads in it."), ({ files, directory }) => files.pids(directory)?.current],
    [
      metric(gauge, "threads_limit", "Threads there may be."),
      ({ files, directory }) => files.pids(directory)?.limit,
    ],
  ],
};

/** What limits the container, and how hard it runs into it: none of it is in /proc. */
export const cgroup: SourceKind = defineSource({
  name: "cgroup",
  describes: "the container's limits, throttling and OOM kills (`plimsoll_cgroup_*`)",
  open: (_, { root }) => {
    let hierarchies: Hierarchies | undefined;
    return async ({ nowMs }) => {
      const path = containerPath(root);
      hierarchies ??= findHierarchies(root);
      const found = path === undefined ? [] : pointsOf(hierarchies, path, nowMs);
      if (found.length === 0) throw new NoData("in no cgroup of its own");
      return found;
    };
  },
});

function pointsOf(hierarchies: Hierarchies, path: CgroupPath, nowMs: number): Series[] {
  return Object.entries(ROWS).flatMap(([controller, rows]) => {
    const place = placeOf(hierarchies, path, controller);
    if (place === undefined) return [];
    return rows.flatMap(([described, value]) => {
      const number = value(place) ?? Number.POSITIVE_INFINITY;
      return Number.isFinite(number) ? [point(described, {}, number, nowMs)] : [];
    });
  });
}

/** Whatever is on no v1 hierarchy is on the unified one. */
function placeOf(hierarchies: Hierarchies, path: CgroupPath, controller: string): Place | undefined {
  const v1 = hierarchies.controllers.get(controller);
  const [hierarchy, at] =
    v1 === undefined ? [hierarchies.unified, path.unified] : [v1, path.controllers.get(controller)];
  const directory = hierarchy === undefined || at === undefined ? undefined : directoryOf(hierarchy, at);
  return directory === undefined ? undefined : { files: v1 === undefined ? V2_FILES : V1_FILES, directory };
}

/** The first cgroup namespace's, PROC_CGROUP_INIT_INO of linux/proc_ns.h. */
const FIRST_NAMESPACE = "cgroup:[4026531835]";

/**
 * The cgroup of the whole container, not the one an init system inside it made for the agent: the top of the
 * cgroup namespace; without one, where process 1 is. Undefined for a host, whose top is nobody's limit.
 */
function containerPath(root: HostRoot): CgroupPath | undefined {
  const own = readPidCgroup(root, "self");
  if (own === undefined) return undefined;
  if (namespaceOf(root) !== FIRST_NAMESPACE) return mapPaths(own, () => "/");
  const first = readPidCgroup(root, 1);
  if (first === undefined) return undefined;
  const path = mapPaths(first, (at) => at.replace(/\/init\.scope$/, "") || "/");
  const isHost = [path.unified ?? "/", ...path.controllers.values()].every((at) => at === "/");
  return isHost ? undefined : path;
}

function namespaceOf(root: HostRoot): string {
  try {
    return readlinkSync(root.proc("self/ns/cgroup"));
  } catch {
    return FIRST_NAMESPACE; // Before Linux 4.6 there was one only.
  }
}

function mapPaths({ unified, controllers }: CgroupPath, change: (path: string) => string): CgroupPath {
  return {
    unified: unified === undefined ? undefined : change(unified),
    controllers: new Map([...controllers].map(([name, at]) => [name, change(at)])),
  };
}

function readEvent(directory: string, file: string, key: string): number | undefined {
  return readAttribute(directory, file, parseFlatKeyed)?.get(key);
}
