import { expect, test } from "vitest";
import { present } from "../../../../lxcfs-shim/sys-files/present.ts";
import { hostText, viewOf } from "../../../support/container-view.ts";

test("are the container's CPUs", () => {
  expect(
    present.render(viewOf({ cpus: [1, 2, 3, 5] }), hostText({ "cpu/present": "0-7\n" }), "cpu/present"),
  ).toBe("1-3,5\n");
});
