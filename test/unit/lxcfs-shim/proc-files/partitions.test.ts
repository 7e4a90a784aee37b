import { expect, test } from "vitest";
import { partitions } from "../../../../lxcfs-shim/proc-files/partitions.ts";
import { hostText, viewOf } from "../../../support/container-view.ts";

const HEAD = "major minor  #blocks  name\n\n";
const SDA = "   8        0   83886080 sda\n";
const host = hostText({ partitions: `${HEAD}${SDA}   8       16   83886080 sdb\n` });

test("the disks that diskstats shows", () => {
  const sda = { major: 8, minor: 0, readBytes: 4096, writeBytes: 0, discardBytes: 0 };
  const io = [{ ...sda, reads: 1, writes: 0, discards: 0 }];

  expect(partitions.render(viewOf({ io }), host)).toBe(HEAD + SDA);
});

test("none where nothing is known", () => {
  expect(partitions.render(viewOf({}), host)).toBe(HEAD);
});
