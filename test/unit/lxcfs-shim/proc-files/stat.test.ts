import { expect, test } from "vitest";
import { stat } from "../../../../lxcfs-shim/proc-files/stat.ts";
import { hostText, viewOf } from "../../../support/container-view.ts";

const HOST = `cpu  2575 0 1774 146944 250 0 51 8 0 0
cpu0 934 0 764 74033 31 0 18 3 0 0
cpu1 1641 0 1010 72911 219 0 33 5 0 0
intr 199674 0 0
ctxt 496076
btime 1795412661
processes 6389
procs_running 4
procs_blocked 2
softirq 86422 0 12843
`;
const host = hostText({ stat: HOST });

test("times and tasks are the container's, interrupts and the boot are the host's", () => {
  const cpu = {
    ticks: [
      { user: 10, nice: 1, system: 5, idle: 84 },
      { user: 11, nice: 1, system: 5, idle: 83 },
    ],
    total: { user: 21, nice: 2, system: 10, idle: 167 },
    running: 1,
    blocked: 0,
    processes: 17,
  };

  expect(stat.render(viewOf({ cpu, cpus: [1, 3] }), host)).toBe(`cpu  21 2 10 167 0 0 0 0 0 0
cpu1 10 1 5 84 0 0 0 0 0 0
cpu3 11 1 5 83 0 0 0 0 0 0
intr 199674 0 0
ctxt 496076
btime 1795412661
processes 17
procs_running 1
procs_blocked 0
softirq 86422 0 12843
`);
});

test("a container booted later in a time namespace says so", () => {
  const none = { user: 0, nice: 0, system: 0, idle: 0 };
  const cpu = { ticks: [none], total: none, running: 1, blocked: 0, processes: 1 };

  expect(stat.render(viewOf({ cpu, bootDelaySeconds: 6115.5 }), host)).toContain("btime 1795418776\n");
});

test("without accounting the times are the host's, of the CPUs that cpuinfo shows", () => {
  const expected = HOST.replace(/^cpu0.*\n/m, "");

  expect(stat.render(viewOf({ cpus: [1] }), host)).toBe(expected);
});
