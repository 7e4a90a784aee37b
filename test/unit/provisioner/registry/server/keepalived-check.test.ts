import { expect, test } from "vitest";
import { PlimsollError } from "../../../../../core/runtime/errors.ts";
import { parseServer } from "../../../../../provisioner/registry/server/declaration.ts";
import { planInit } from "../../../../../provisioner/registry/server/init.ts";
import { checkKeepalived } from "../../../../../provisioner/registry/server/keepalived-check.ts";
import { hasCommand, isRoot, testIf } from "../../../../support/host.ts";

testIf(isRoot, hasCommand("keepalived"))(
  "what init writes is what keepalived takes, and a mistake is told",
  async () => {
    const spec = parseServer("file", {
      name: "registry",
      folder: "/nonexistent",
      replicas: { a: { address: "10.0.0.11:5000" }, b: { address: "10.0.0.12:5000" } },
      storage: { filesystem: { folder: "/srv", shared: true } },
      balancer: { address: "10.0.0.100", interface: "not-here0", directors: { lb1: {} } },
    });
    const file = (await planInit(spec, 0)).find(({ name }) => name === "keepalived-lb1.conf");
    const text = file?.text ?? "";
    expect(await checkKeepalived("lb1.conf", text)).toBe(true);
    await expect(checkKeepalived("lb1.conf", text.replace("wlc", "best"))).rejects.toThrow(
      "keepalived refuses lb1.conf: Line 18: Invalid lvs_scheduler 'best'",
    );
  },
);

test("without keepalived there is no opinion", async () => {
  const missing = async (): Promise<never> => {
    throw new PlimsollError("EXEC_MISSING", "keepalived: command not found");
  };
  expect(await checkKeepalived("lb1.conf", "", missing)).toBeUndefined();
});
