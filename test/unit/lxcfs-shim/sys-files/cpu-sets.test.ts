import { expect, test } from "vitest";
import { nodeLists, topologyLists, topologyMasks } from "../../../../lxcfs-shim/sys-files/cpu-sets.ts";
import { hostText, viewOf } from "../../../support/container-view.ts";

const host = hostText({
  "cpu/cpu1/topology/package_cpus_list": "0-7\n",
  "cpu/cpu1/topology/package_cpus": "00000000,000000ff\n",
  "node/node1/cpulist": "8-15\n",
});
const view = viewOf({ cpus: [1, 2, 5] });

test("name no CPU that the container does not have", () => {
  expect(topologyLists.render(view, host, "cpu/cpu1/topology/package_cpus_list")).toBe("1-2,5\n");
  expect(topologyMasks.render(view, host, "cpu/cpu1/topology/package_cpus")).toBe("00000000,00000026\n");
});

test("are empty where it has none", () => {
  expect(nodeLists.render(view, host, "node/node1/cpulist")).toBe("\n");
});
