import { expect, test } from "vitest";
import type { IoDeviceStats } from "../../../../core/kernel/cgroup/stats.ts";
import { diskstats } from "../../../../lxcfs-shim/proc-files/diskstats.ts";
import { hostText, viewOf } from "../../../support/container-view.ts";

const host = hostText({
  diskstats:
    "   8       0 sda 18211 4021 1811204 9120 30211 22014 2100416 40122 0 21044 50210 120 0 88120 40 3102 928\n" +
    "   8      16 sdb 1 0 8 0 0 0 0 0 0 1 1\n",
});
const idle = { readBytes: 0, writeBytes: 0, discardBytes: 0, reads: 0, writes: 0, discards: 0 };

function render(io: readonly IoDeviceStats[] | undefined): string {
  return diskstats.render(viewOf({ io }), host);
}

test("the container's operations and sectors under the host's name, in twenty columns", () => {
  const sda = { major: 8, minor: 0, readBytes: 4096, writeBytes: 1536, discardBytes: 512 };

  expect(render([{ ...sda, reads: 3, writes: 2, discards: 1 }])).toBe(
    "   8       0 sda 3 0 8 0 2 0 3 0 0 0 0 1 0 1 0 0 0\n",
  );
});

test("a disk the container did not use is not there, nor one the host does not know", () => {
  expect(render([{ major: 8, minor: 16, ...idle }])).toBe("");
  expect(render([{ major: 9, minor: 9, ...idle, reads: 5 }])).toBe("");
});

test("nothing known is nothing shown, never the host's", () => {
  expect(render(undefined)).toBe("");
});
