import { readFileSync } from "node:fs";
import { expect } from "vitest";
import { slabinfo } from "../../../../lxcfs-shim/proc-files/slabinfo.ts";
import { hostText, viewOf } from "../../../support/container-view.ts";
import { isRoot, testIf } from "../../../support/host.ts";

testIf(isRoot)("has the kernel's heads, and no cache of the host", () => {
  const kernel = readFileSync("/proc/slabinfo", "utf8").split("\n").slice(0, 2).join("\n");

  expect(slabinfo.render(viewOf({}), hostText({ slabinfo: "dentry 1\n" }))).toBe(`${kernel}\n`);
});
