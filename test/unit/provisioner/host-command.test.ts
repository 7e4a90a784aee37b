import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { hostCommand } from "../../../provisioner/host-command.ts";
import { Cleanup } from "../../support/cleanup.ts";
import { type Printed, runCommand } from "../../support/run-command.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

/** What `plimsoll host …` prints, of a host that has nothing. */
function host(...args: readonly string[]): Promise<Printed> {
  const folder = cleanup.temporaryFolder();
  const nowhere = join(folder, "nowhere");
  const config = join(folder, "host.yaml");
  const lines = [
    "name: h1",
    `ovs: unix:${nowhere}`,
    `docker: ${nowhere}`,
    `shim: ${nowhere}`,
    `data: ${nowhere}`,
  ];
  writeFileSync(config, lines.join("\n"));
  return runCommand(hostCommand(new AbortController().signal), [...args, "--config", config]);
}

test("status, for a reader and for a script", async () => {
  expect((await host("status")).text).toMatch(/^host: {5}h1\nnetwork: {2}no Open vSwitch/);
  expect(JSON.parse((await host("status", "--json")).text)).toMatchObject({
    name: "h1",
    docker: { hint: expect.any(String) },
  });
});

test("doctor ends with 1 where anything is wrong", async () => {
  const { code, text } = await host("doctor");

  expect(text).toMatch(/^ok {5}VLANs and bonds are the switch's/m);
  expect(text).toMatch(/^wrong {2}shim: nobody serves .* \(hint: plimsoll-shim serve --mount/m);
  expect(code).toBe(1);
});

test("init needs a switch", async () => {
  await expect(host("init", "--dry-run")).rejects.toThrow("no Open vSwitch database answers");
});
