import { expect, test } from "vitest";
import { renderStorageChange } from "../../../../provisioner/host-storage/render.ts";

test("each change is a line", () => {
  expect(
    [
      renderStorageChange({ kind: "createGroup", group: "data", devices: ["/dev/sdb", "/dev/sdc"] }),
      renderStorageChange({ kind: "extendGroup", group: "data", devices: ["/dev/sdd"] }),
      renderStorageChange({ kind: "createPool", group: "data", pool: "machines", percent: 80 }),
    ].join("\n"),
  ).toBe(`create volume group data of /dev/sdb, /dev/sdc
add /dev/sdd to volume group data
create thin pool data/machines of 80 % of what is free`);
});
