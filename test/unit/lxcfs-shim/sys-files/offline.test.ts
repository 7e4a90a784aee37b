import { expect, test } from "vitest";
import { offline } from "../../../../lxcfs-shim/sys-files/offline.ts";
import { hostText, viewOf } from "../../../support/container-view.ts";

const host = hostText({ "cpu/possible": "0-7\n", "cpu/offline": "6-7\n" });

test("is what the machine could have beside the container's CPUs", () => {
  expect(offline.render(viewOf({ cpus: [1, 2] }), host, "cpu/offline")).toBe("0,3-7\n");
});

test("is nothing where the possible CPUs are the container's", () => {
  const view = viewOf({ cpus: [1, 2], possibleCpus: "visible" });

  expect(offline.render(view, host, "cpu/offline")).toBe("\n");
});

test("is an empty line when there is none", () => {
  expect(offline.render(viewOf({ cpus: [0, 1, 2, 3, 4, 5, 6, 7] }), host, "cpu/offline")).toBe("\n");
});
