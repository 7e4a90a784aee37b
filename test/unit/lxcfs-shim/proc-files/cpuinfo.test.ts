import { expect, test } from "vitest";
import { cpuinfo } from "../../../../lxcfs-shim/proc-files/cpuinfo.ts";
import { hostText, viewOf } from "../../../support/container-view.ts";

const block = (id: number): string => `processor\t: ${id}\ncore id\t\t: ${id}\npower management:\n\n`;

test("shows the container's CPUs under the host's ids, their text unchanged", () => {
  const host = hostText({ cpuinfo: [0, 1, 2, 3].map(block).join("") });

  expect(cpuinfo.render(viewOf({ cpus: [1, 3] }), host)).toBe(block(1) + block(3));
});

test("keeps what describes the machine as a whole", () => {
  const host = hostText({ cpuinfo: `${block(0)}${block(1)}Hardware\t: BCM2835\n` });

  expect(cpuinfo.render(viewOf({ cpus: [1] }), host)).toBe(`${block(1)}Hardware\t: BCM2835\n`);
});

test("counts siblings and cores over the CPUs that are left, by package", () => {
  const thread = (id: number, physical: number, core: number): string =>
    `processor\t: ${id}\nphysical id\t: ${physical}\nsiblings\t: 4\ncore id\t\t: ${core}\ncpu cores\t: 2\n\n`;
  const host = hostText({
    cpuinfo: thread(0, 0, 0) + thread(1, 0, 0) + thread(2, 0, 1) + thread(3, 0, 1) + thread(4, 1, 0),
  });
  const counts = (cpus: readonly number[]): string[] =>
    cpuinfo.render(viewOf({ cpus }), host).match(/(?<=siblings\t: |cpu cores\t: )\d+/g) ?? [];

  expect(counts([0, 1, 2])).toEqual(["3", "2", "3", "2", "3", "2"]);
  expect(counts([0, 4])).toEqual(["1", "1", "1", "1"]);
});
