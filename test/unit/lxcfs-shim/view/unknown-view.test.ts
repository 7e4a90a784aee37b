import { expect, test } from "vitest";
import type { ContainerView } from "../../../../lxcfs-shim/proc-files/types.ts";
import { unknownView } from "../../../../lxcfs-shim/view/unknown-view.ts";
import { hostText, viewOf } from "../../../support/container-view.ts";

const host = hostText({ cpuinfo: "processor\t: 2\n\nprocessor\t: 3\n\n" });
const failing: ContainerView = {
  get cpus(): never {
    throw new Error("no cpuset");
  },
  get uptimeSeconds(): never {
    throw new Error("no uptime");
  },
  missing: () => undefined,
};

test("has no part, and says why", () => {
  const view = unknownView(viewOf({ cpus: [1], uptimeSeconds: 7 }), host, "torn");

  expect(view).toMatchObject({ cpus: [1], uptimeSeconds: 7 });
  expect(view.memory).toBeUndefined();
  expect(view.missing("memory")).toBe("torn");
});

test("has the host's CPUs where the container's cannot be had", () => {
  expect(unknownView(failing, host, "torn")).toMatchObject({ cpus: [2, 3], uptimeSeconds: 0 });
  expect(unknownView(failing, hostText({ cpuinfo: "processor" }), "torn").cpus).toEqual([0]);
});
