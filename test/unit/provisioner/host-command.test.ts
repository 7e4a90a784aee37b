import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { hostCommand } from "../../../provisioner/host-command.ts";
import { Cleanup } from "../../support/cleanup.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

/** What `plimsoll host …` prints, of a host that has nothing. */
async function host(...args: readonly string[]): Promise<string> {
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
  const written: string[] = [];
  const spy = vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    written.push(String(text));
    return true;
  });
  try {
    await hostCommand(new AbortController().signal).parseAsync([...args, "--config", config], {
      from: "user",
    });
  } catch (error) {
    written.push(`${error}`);
  } finally {
    spy.mockRestore();
  }
  return written.join("");
}

test("status, for a reader and for a script", async () => {
  expect(await host("status")).toMatch(/^host: {5}h1\nnetwork: {2}no Open vSwitch/);
  expect(JSON.parse(await host("status", "--json"))).toMatchObject({
    name: "h1",
    docker: { hint: expect.any(String) },
  });
});

test("doctor ends with 1 where anything is wrong", async () => {
  const printed = await host("doctor");

  expect(printed).toMatch(/^ok {5}VLANs and bonds are the switch's/m);
  expect(printed).toMatch(/^wrong {2}shim: nobody serves .* \(hint: plimsoll-shim serve --mount/m);
  expect(printed).toMatch(/exit 1$/);
});

test("init needs a switch", async () => {
  expect(await host("init", "--dry-run")).toContain("no Open vSwitch database answers");
});
