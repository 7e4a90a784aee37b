import { expect, test } from "vitest";
import { possible } from "../../../../lxcfs-shim/sys-files/possible.ts";
import { hostText, viewOf } from "../../../support/container-view.ts";

const host = hostText({ "cpu/possible": "0-7\n" });

test("are the host's CPUs, or the container's where an operator says so", () => {
  expect(possible.render(viewOf({ cpus: [1, 2] }), host, "cpu/possible")).toBe("0-7\n");
  expect(possible.render(viewOf({ cpus: [1, 2], possibleCpus: "visible" }), host, "cpu/possible")).toBe(
    "1-2\n",
  );
});
