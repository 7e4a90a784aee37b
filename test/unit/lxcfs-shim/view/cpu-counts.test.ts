import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { openCgroupReader } from "../../../../core/kernel/cgroup/open-reader.ts";
import { parseCpuList, renderCpuList } from "../../../../core/kernel/cpu-list.ts";
import { intersectCpuMask } from "../../../../core/kernel/cpu-mask.ts";
import { cpuinfo } from "../../../../lxcfs-shim/proc-files/cpuinfo.ts";
import { stat } from "../../../../lxcfs-shim/proc-files/stat.ts";
import { offline } from "../../../../lxcfs-shim/sys-files/offline.ts";
import { online } from "../../../../lxcfs-shim/sys-files/online.ts";
import { openContainerViews } from "../../../../lxcfs-shim/view/container-view.ts";
import { openHostText } from "../../../../lxcfs-shim/view/host-text.ts";
import { openLoadAverages } from "../../../../lxcfs-shim/view/load-averages.ts";
import { openCensus } from "../../../../lxcfs-shim/view/task-census.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { FakeHost } from "../../../support/fake-host.ts";
import { ManualClock } from "../../../support/manual-clock.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

/** A host of `count` CPUs with a container on every second of them. */
function machineOf(count: number) {
  const ids = [...Array(count).keys()];
  const host = new FakeHost(cleanup.temporaryFolder());
  host.write("proc/cpuinfo", ids.map((id) => `processor\t: ${id}\n\n`).join(""));
  for (const name of ["online", "present", "possible"])
    host.write(`sys/devices/system/cpu/${name}`, `${renderCpuList(ids)}\n`);
  host.process(41, { startTicks: 50_000, cgroup: "/web", nsPids: [41, 1] });
  const reader = openCgroupReader(host.root);
  const loads = openLoadAverages({ census: openCensus(host.root, reader), clock: new ManualClock() });
  const views = openContainerViews({ root: host.root, reader, loads });
  const cgroup = { unified: "/web", controllers: new Map() };
  const container = { key: "web", init: 41, startTicks: 50_000, cgroup, pidLevel: 1 };
  const proc = openHostText(host.root.proc);
  const sys = openHostText((name) => host.root.sys(`devices/system/${name}`));
  return { ids, host, proc, sys, open: () => views.open(container, proc) };
}

test.for([1, 2, 3, 4, 63, 64, 65, 128, 512])("%i CPUs: every file has the same ones", (count) => {
  const { ids, host, proc, sys, open } = machineOf(count);
  const allowed = ids.filter((id) => id % 2 === 0);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: count * 150 }), (hundredths) => {
      host.cgroup("/web", {
        "cgroup.procs": "41\n",
        "cpuset.cpus.effective": `${renderCpuList(allowed)}\n`,
        "cpu.max": `${hundredths * 1000} 100000\n`,
      });
      const view = open();
      const expected = allowed.slice(0, Math.ceil(hundredths / 100));
      const idsIn = (text: string, pattern: RegExp): readonly number[] =>
        text.match(pattern)?.map(Number) ?? [];

      expect(view.cpus).toEqual(expected);
      expect(idsIn(cpuinfo.render(view, proc), /(?<=^processor\t: )\d+/gm)).toEqual(expected);
      expect(idsIn(stat.render(view, proc), /(?<=^cpu)\d+/gm)).toEqual(expected);
      expect(parseCpuList(online.render(view, sys, online.path))).toEqual(expected);
      expect(parseCpuList(offline.render(view, sys, offline.path))).toHaveLength(count - expected.length);
      const whole = "f".repeat(Math.ceil(count / 4));
      const left = [...intersectCpuMask(whole, new Set(view.cpus))].map((digit) =>
        Number.parseInt(digit, 16),
      );
      expect(left.reduce((sum, bits) => sum + bits.toString(2).replaceAll("0", "").length, 0)).toBe(
        expected.length,
      );
    }),
    { numRuns: 8 },
  );
});
