import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { NoData } from "../../../../agent/source-kind.ts";
import { cgroup } from "../../../../agent/sources/cgroup.ts";
import { openHostRoot } from "../../../../core/kernel/host-root.ts";
import { openSource, sampleLines, tickIn } from "../../../support/source-context.ts";
import { tempTree } from "../../core/kernel/hosts.ts";

const V2 = {
  "sys/fs/cgroup/cgroup.controllers": "cpu memory pids\n",
  "proc/self/cgroup": "0::/system.slice/agent.service\n",
};
const V2_FILES = {
  "cpu.max": "150000 100000\n",
  "cpu.stat":
    "usage_usec 2500000\nuser_usec 2000000\nsystem_usec 500000\nnr_periods 10\nnr_throttled 3\nthrottled_usec 700000\n",
  "memory.current": "4096\n",
  "memory.max": "8192\n",
  "memory.events": "low 0\nhigh 0\nmax 12\noom 2\noom_kill 1\n",
  "pids.current": "7\n",
  "pids.max": "max\n",
};

function below(folder: string, files: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(files).map(([name, text]) => [`${folder}/${name}`, text]));
}

async function linesIn(files: Readonly<Record<string, string>>, namespace?: string): Promise<string[]> {
  const folder = tempTree(files);
  if (namespace !== undefined) {
    mkdirSync(join(folder, "proc/self/ns"), { recursive: true });
    symlinkSync(namespace, join(folder, "proc/self/ns/cgroup"));
  }
  return sampleLines(await openSource(cgroup, {}, { root: openHostRoot(folder) })(tickIn()));
}

test("v2: the top of the container's cgroup namespace; what has no limit has no series", async () => {
  expect(await linesIn({ ...V2, ...below("sys/fs/cgroup", V2_FILES) }, "cgroup:[4026532500]")).toEqual([
    "plimsoll_cgroup_cpu_limit_cpus 1.5",
    "plimsoll_cgroup_cpu_periods_total 10",
    "plimsoll_cgroup_cpu_throttled_periods_total 3",
    "plimsoll_cgroup_cpu_throttled_seconds_total 0.7",
    "plimsoll_cgroup_cpu_usage_seconds_total 2.5",
    "plimsoll_cgroup_memory_limit_bytes 8192",
    "plimsoll_cgroup_memory_limit_hits_total 12",
    "plimsoll_cgroup_memory_usage_bytes 4096",
    "plimsoll_cgroup_oom_kills_total 1",
    "plimsoll_cgroup_threads 7",
  ]);
});

test("v2 without a cgroup namespace: where process 1 is, without the init system's own scope", async () => {
  const files = {
    ...V2,
    "proc/1/cgroup": "0::/docker/4f0b/init.scope\n",
    ...below("sys/fs/cgroup/docker/4f0b", V2_FILES),
  };

  expect(await linesIn(files)).toContain("plimsoll_cgroup_memory_limit_bytes 8192");
});

test("v1: each controller in its hierarchy", async () => {
  const files = {
    "proc/self/cgroup": "2:memory:/agent\n1:cpu,cpuacct:/agent\n",
    "sys/fs/cgroup/memory/cgroup.procs": "",
    "sys/fs/cgroup/cpuacct/cgroup.procs": "",
    ...below("sys/fs/cgroup/memory", {
      "memory.usage_in_bytes": "4096\n",
      "memory.limit_in_bytes": "9223372036854771712\n",
      "memory.failcnt": "5\n",
      "memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n",
    }),
    ...below("sys/fs/cgroup/cpuacct", {
      "cpuacct.usage": "1500000000\n",
      "cpuacct.stat": "user 100\nsystem 50\n",
    }),
  };

  expect(await linesIn(files, "cgroup:[4026532500]")).toEqual([
    "plimsoll_cgroup_cpu_usage_seconds_total 1.5",
    "plimsoll_cgroup_memory_limit_hits_total 5",
    "plimsoll_cgroup_memory_usage_bytes 4096",
    "plimsoll_cgroup_oom_kills_total 2",
  ]);
});

test("a host is in no cgroup of its own", async () => {
  const host = { ...V2, "proc/1/cgroup": "0::/init.scope\n" };

  await expect(linesIn(host, "cgroup:[4026531835]")).rejects.toBeInstanceOf(NoData);
  await expect(linesIn({})).rejects.toBeInstanceOf(NoData);
});
