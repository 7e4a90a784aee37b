import { afterAll, expect, test } from "vitest";
import { cpuinfo } from "../../../../lxcfs-shim/proc-files/cpuinfo.ts";
import { loadavg } from "../../../../lxcfs-shim/proc-files/loadavg.ts";
import { meminfo } from "../../../../lxcfs-shim/proc-files/meminfo.ts";
import { stat } from "../../../../lxcfs-shim/proc-files/stat.ts";
import type { ProcFile } from "../../../../lxcfs-shim/proc-files/types.ts";
import {
  DEFAULT_VIEW_OPTIONS,
  type ViewChoices,
  type ViewOptions,
} from "../../../../lxcfs-shim/view/view-options.ts";
import { openViewpoints } from "../../../../lxcfs-shim/view/viewpoints.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { hostText } from "../../../support/container-view.ts";
import { FakeHost } from "../../../support/fake-host.ts";
import { viewOfFixture } from "../../../support/fixture-hosts.ts";
import { ManualClock } from "../../../support/manual-clock.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

const host = new FakeHost(cleanup.temporaryFolder());
const swap = { "memory.swap.max": "1048576\n", "memory.swap.current": "0\n" };
host.cgroup("/web", {
  "cgroup.procs": "41\n",
  "cpu.max": "200000 100000\n",
  "cpuset.cpus.effective": "1-3\n",
  ...swap,
});
host.process(41, { cgroupNamespace: 2, pidNamespace: 2, cgroup: "/web", nsPids: [41, 1] });

function render(file: ProcFile, chosen: Partial<ViewOptions>) {
  const viewOptions = { ...DEFAULT_VIEW_OPTIONS, ...chosen };
  const viewpoints = openViewpoints({ root: host.root, clock: new ManualClock(), viewOptions });
  const rendered = viewpoints.render(file, viewpoints.of(41));
  return rendered.kind === "text" ? { text: rendered.text, status: rendered.status() } : undefined;
}

test.for([
  ["both", ["1", "2"]],
  ["cpuset", ["1", "2", "3"]],
  ["quota", ["0", "1"]],
  ["host", ["0", "1", "2", "3"]],
] as const)("cpus %s: %j", ([cpus, expected]) => {
  const ids = (file: ProcFile, pattern: RegExp) => render(file, { cpus })?.text.match(pattern);

  expect(ids(cpuinfo, /(?<=^processor\t: )\d+/gm)).toEqual(expected);
  expect(ids(stat, /(?<=^cpu)\d+/gm)).toEqual(expected);
});

test("CPUs of the host come with the host's times, which is said", () => {
  expect(render(stat, { cpus: "host" })?.text).toContain("cpu0 100 0 100 1000");
  expect(render(stat, { cpus: "host" })?.status).toMatchObject({ state: "partial", reason: "switched off" });
});

test("load averages switched off are the host's", () => {
  expect(render(loadavg, { loadavg: false })).toEqual({
    text: "9.00 9.00 9.00 9/999 99999\n",
    status: { state: "host", reason: "switched off" },
  });
});

test("swap switched off is none", () => {
  expect(render(meminfo, {})?.text).toMatch(/^SwapTotal: +1024 kB$/m);
  expect(render(meminfo, { swap: "off" })?.text).toMatch(/^SwapTotal: +0 kB$/m);
});

test("on cgroup v1 swap is what the limit of RAM and swap leaves, or with memsw that limit", () => {
  const meminfo = "MemTotal:        8388608 kB\nSwapTotal:       4194304 kB\n";
  const swap = (choice: ViewChoices["swap"]) =>
    viewOfFixture("v1-hybrid", { swap: choice }, hostText({ meminfo })).memory?.swap?.totalBytes;

  expect([swap("on"), swap("memsw"), swap("off")]).toEqual([256 * 2 ** 20, 768 * 2 ** 20, undefined]);
});

test("a file switched off is the host's", () => {
  expect(render(meminfo, { hostFiles: ["meminfo"] })).toMatchObject({
    text: expect.stringMatching(/^MemTotal: +4194304 kB$/m),
    status: { state: "host", reason: "switched off" },
  });
  expect(render(stat, { hostFiles: ["meminfo"] })?.status.state).toBe("virtual");
});
