import { describe, expect, it } from "vitest";
import { parseProcesses, readProcesses } from "../../../../../core/kernel/cgroup/processes.ts";
import { tempTree } from "../hosts.ts";

describe("readProcesses", () => {
  it("finds each process once, at every depth", () => {
    const directory = tempTree({
      "cgroup.procs": "1\n7\n",
      "memory.max": "max\n",
      "a/cgroup.procs": "2\n",
      "a/b/c/d/e/f/cgroup.procs": "3\n7\n",
    });
    expect([...readProcesses(directory)].sort()).toEqual([1, 2, 3, 7]);
  });

  it("leaves out a process of another pid namespace", () => {
    expect(readProcesses(tempTree({ "cgroup.procs": "0\n5\n" }))).toEqual([5]);
  });

  it("looks into no more cgroups than it is told", () => {
    const directory = tempTree({ "cgroup.procs": "1\n", "a/cgroup.procs": "2\n", "a/b/cgroup.procs": "3\n" });
    expect(readProcesses(directory, 2)).toEqual([1, 2]);
    expect(readProcesses(directory, 1)).toEqual([1]);
  });

  it("finds none where there is none", () => {
    expect(readProcesses(tempTree({ "cgroup.procs": "" }))).toEqual([]);
    expect(readProcesses(`${tempTree({})}/gone`)).toEqual([]);
  });
});

it("parseProcesses refuses what is no number", () => {
  expect(() => parseProcesses("1\nx\n", "f")).toThrow('f:2: cannot parse "x"');
});
