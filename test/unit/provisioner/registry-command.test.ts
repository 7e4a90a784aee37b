import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeEach, expect, test } from "vitest";
import { NotFoundError, UsageError } from "../../../core/runtime/errors.ts";
import { registryCommand } from "../../../provisioner/registry-command.ts";
import { Cleanup } from "../../support/cleanup.ts";
import { MemoryRegistry } from "../../support/memory-registry.ts";
import { type Printed, runCommand } from "../../support/run-command.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());
let [east, west] = [new MemoryRegistry(), new MemoryRegistry()];
let given: readonly string[] = [];

beforeEach(async () => {
  [east, west] = [await new MemoryRegistry().start(cleanup), await new MemoryRegistry().start(cleanup)];
  const folder = cleanup.temporaryFolder();
  const registries = { east: { url: east.url }, west: { url: west.url } };
  const rules = {
    there: { from: "east", to: "west", tags: "v*" },
    back: { from: "west", to: "east", tags: "v*" },
  };
  writeFileSync(join(folder, "registry.yaml"), JSON.stringify({ registries, rules }));
  given = ["--config", join(folder, "registry.yaml"), "--store", join(folder, "state.db")];
});

/** What `plimsoll registry …` prints, and the code it ends with. */
function registry(...args: readonly string[]): Promise<Printed> {
  return runCommand(registryCommand(new AbortController().signal), [...args, ...given]);
}

test("planned, done, told", async () => {
  east.putImage("app", "v1", "layer");
  expect((await registry("status")).text).toMatch(/^there +never/m);
  expect((await registry("sync", "there", "--dry-run")).text).toMatch(/^there: app:v1 to be copied/);
  expect(west.tagsOf("app")).toEqual({});

  expect((await registry("sync", "--all")).text).toMatch(
    /there: 0 as they were, 1 copied .*\nback: 1 as they were/,
  );
  expect(west.tagsOf("app")).toEqual(east.tagsOf("app"));
  const reports = JSON.parse((await registry("sync", "--all", "--json")).text);
  expect(reports).toMatchObject([{ rule: "there", counts: { same: 1 }, outcomes: [] }, { rule: "back" }]);
  expect(JSON.parse((await registry("status", "--json")).text)).toMatchObject({
    rules: [{ rule: "there", same: 1 }, { rule: "back" }],
  });
  expect((await registry("status", "--metrics")).text).toContain(
    'plimsoll_registry_sync_tags{rule="back",state="same"} 1',
  );
});

test("what has diverged ends it with 1", async () => {
  east.putImage("app", "v1", "one");
  west.putImage("app", "v1", "other");
  expect(await registry("sync", "there")).toMatchObject({
    code: 1,
    text: expect.stringContaining("left alone, diverged"),
  });
});

test("staying: how often, and where to listen", async () => {
  await expect(registry("sync", "there", "--every", "often")).rejects.toThrow(
    '--every: "often" is not a duration',
  );
  await expect(registry("sync", "there", "--listen", "127.0.0.1:1")).rejects.toThrow(
    "--listen goes with --every",
  );
  await expect(registry("sync", "there", "--token-file", "token")).rejects.toThrow(
    "--token-file goes with --listen",
  );
  await expect(registry("sync", "there", "--every", "1h", "--listen", "9467")).rejects.toThrow(
    "is not HOST:PORT",
  );
  await expect(registry("sync", "there", "--every", "1h", "--listen", "0.0.0.0:1")).rejects.toThrow(
    "a token is needed",
  );
});

test("rules are named, or all of them", async () => {
  await expect(registry("sync")).rejects.toThrow(UsageError);
  await expect(registry("sync", "there", "--all")).rejects.toThrow("name rules, or say --all");
  await expect(registry("sync", "none")).rejects.toThrow(NotFoundError);
});
