import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeEach, expect, test, vi } from "vitest";
import { NotFoundError, UsageError } from "../../../../../core/runtime/errors.ts";
import { EXIT } from "../../../../../core/runtime/program.ts";
import { registryRemovalCommands } from "../../../../../provisioner/registry/retention/commands.ts";
import { Cleanup } from "../../../../support/cleanup.ts";
import { answering, INDEX, MemoryRegistry } from "../../../../support/memory-registry.ts";
import { type Printed, runCommand } from "../../../../support/run-command.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());
let memory = new MemoryRegistry();
let host = "";
let given: readonly string[] = [];

beforeEach(async () => {
  memory = await new MemoryRegistry().start(cleanup);
  host = new URL(memory.url).host;
  const folder = cleanup.temporaryFolder();
  // No engine but one that is not there.
  vi.stubEnv("DOCKER_HOST", `unix://${join(folder, "docker.sock")}`);
  const retention = { builds: { registry: "east", keepLast: 1 } };
  writeFileSync(
    join(folder, "registry.yaml"),
    JSON.stringify({ registries: { east: { url: memory.url } }, retention }),
  );
  given = ["--config", join(folder, "registry.yaml"), "--store", join(folder, "state.db")];
});
afterAll(() => void vi.unstubAllEnvs());

function run(verb: string, ...args: readonly string[]): Promise<Printed> {
  const commands = registryRemovalCommands(new AbortController().signal);
  return runCommand(
    commands.find((each) => each.name() === verb),
    [...args, ...given],
  );
}

test("retain: planned, done, and as JSON", async () => {
  memory.putImage("app", "v1", "1", { created: "2020-01-01T00:00:00Z" });
  memory.putImage("app", "v2", "2", { created: "2021-01-01T00:00:00Z" });
  expect((await run("retain", "builds", "--dry-run")).text).toBe(
    "builds: app:v1 to be removed\nbuilds: 1 tags and 1 manifests to be removed\n",
  );
  expect(JSON.parse((await run("retain", "--all", "--json")).text)).toMatchObject([
    { rule: "builds", manifests: 1 },
  ]);
  expect(Object.keys(memory.tagsOf("app"))).toEqual(["v2"]);
  expect((await run("retain", "--all")).text).toBe("builds: 0 tags and 0 manifests removed\n");
  await expect(run("retain", "other")).rejects.toThrow(NotFoundError);
});

test("retain: a rule whose registry does not say what it has costs itself", async () => {
  const other = await new MemoryRegistry().start(cleanup);
  other.intercept = answering(403);
  memory.putImage("app", "v1", "1", { created: "2020-01-01T00:00:00Z" });
  memory.putImage("app", "v2", "2", { created: "2021-01-01T00:00:00Z" });
  const registries = { east: { url: memory.url }, other: { url: other.url } };
  const retention = {
    away: { registry: "other", keepLast: 1 },
    builds: { registry: "east", keepLast: 1 },
  };
  writeFileSync(given[1] ?? "", JSON.stringify({ registries, retention }));
  const { text, code } = await run("retain", "--all");
  expect(text.split("\n")).toEqual([
    expect.stringMatching(/^away: failed: registry .*: GET _catalog/),
    "away: 0 tags and 0 manifests removed, 1 failed",
    "builds: app:v1 removed",
    "builds: 1 tags and 1 manifests removed",
    "",
  ]);
  expect(code).toBe(EXIT.failed);
});

test("rm: a tag, a digest with all its tags, a whole repository", async () => {
  const image = memory.putImage("app", "v1", "1");
  memory.repository("app").tags.set("latest", image);
  expect((await run("rm", `${host}/app:v1`)).text).toBe(
    "rm: app:v1 removed\nrm: 1 tags and 0 manifests removed\n",
  );
  expect((await run("rm", `${host}/app@${image}`)).text).toMatch(/app:latest removed\n/);
  memory.putImage("app", "v1", "1");
  memory.putImage("app", "v2", "2");
  await expect(run("rm", `${host}/app`)).rejects.toThrow(UsageError);
  await expect(run("rm", `${host}/app:v1`, "--all-tags")).rejects.toThrow(UsageError);
  expect((await run("rm", `${host}/app`, "--all-tags", "--dry-run")).text).toMatch(
    /2 tags and 2 manifests to be removed/,
  );
  expect((await run("rm", `${host}/app`, "--all-tags")).code).toBe(0);
  expect(memory.tagsOf("app")).toEqual({});
});

test("rm: what is not there, and what an index needs", async () => {
  await expect(run("rm", `${host}/app:v1`)).rejects.toThrow(NotFoundError);
  await expect(run("rm", `${host}/../app:v1`)).rejects.toThrow(UsageError);
  const digest = memory.putImage("app", undefined, "1");
  const manifests = [{ mediaType: "application/vnd.oci.image.manifest.v1+json", digest, size: 1 }];
  memory.putManifest("app", "all", { schemaVersion: 2, mediaType: INDEX, manifests }, INDEX);
  await expect(run("rm", `${host}/app@${digest}`)).rejects.toThrow("an index that stays needs it");
  expect(memory.repository("app").manifests.has(digest)).toBe(true);
});
