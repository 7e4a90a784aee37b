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
