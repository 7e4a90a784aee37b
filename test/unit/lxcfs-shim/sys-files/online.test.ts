import { expect, test } from "vitest";
import { online } from "../../../../lxcfs-shim/sys-files/online.ts";
import { hostText, viewOf } from "../../../support/container-view.ts";

test("are the container's CPUs", () => {
  expect(
    online.render(viewOf({ cpus: [1, 2, 3, 5] }), hostText({ "cpu/online": "0-7\n" }), "cpu/online"),
  ).toBe("1-3,5\n");
});
