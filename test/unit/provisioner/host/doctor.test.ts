import { expect, test } from "vitest";
import { exec } from "../../../../core/runtime/exec.ts";
import { parseHostConfig } from "../../../../provisioner/host/config.ts";
import { diagnoseHost } from "../../../../provisioner/host/doctor.ts";

test("every part of a host is looked at, also of one that lacks most", async () => {
  const absent = { problem: "not there" };
  const status = { name: "h1", network: absent, storage: absent, docker: absent, shim: absent };

  const findings = await diagnoseHost({ config: parseHostConfig("h", {}), status, run: exec, root: "/" });

  expect(findings.filter(({ what }) => what === "not there")).toHaveLength(4);
  expect(findings.some(({ what }) => what.startsWith("cgroup v"))).toBe(true);
});
