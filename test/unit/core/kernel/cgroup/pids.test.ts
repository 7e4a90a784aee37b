import { expect, it } from "vitest";
import { readPids } from "../../../../../core/kernel/cgroup/pids.ts";
import { tempTree } from "../hosts.ts";

it.each([
  ["a limit", { "pids.current": "2\n", "pids.max": "100\n" }, { current: 2, limit: 100 }],
  [
    "no limit",
    { "pids.current": "2\n", "pids.max": "max\n" },
    { current: 2, limit: Number.POSITIVE_INFINITY },
  ],
  ["half gone", { "pids.current": "2\n" }, undefined],
  ["no controller", {}, undefined],
])("%s", (_, files, pids) => expect(readPids(tempTree(files))).toEqual(pids));
