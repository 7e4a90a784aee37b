import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { Registry } from "../../../../../provisioner/registry/client.ts";
import { Verdicts } from "../../../../../provisioner/registry/gate/verdicts.ts";
import type { Manifest } from "../../../../../provisioner/registry/manifest.ts";
import { Cleanup } from "../../../../support/cleanup.ts";
import { makeTar } from "../../../../support/make-tar.ts";
import { answering, MemoryRegistry } from "../../../../support/memory-registry.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

test("an image is looked into once, by the policy as it is now; a failure is not kept", async () => {
  const policy = join(cleanup.temporaryFolder(), "policy.yaml");
  writeFileSync(policy, "users: { forbidden: [root] }");
  const memory = await new MemoryRegistry().start(cleanup);
  const digest = memory.putImage("app", "v1", makeTar([{ name: "file" }]));
  const registry = new Registry({ url: memory.url });
  cleanup.add("client", () => registry.close());
  const manifest = (await registry.manifest("app", digest)) as Manifest;
  const verdicts = new Verdicts(policy);
  const judge = (): Promise<readonly string[]> => verdicts.judge({ url: memory.url }, "app", manifest);

  memory.intercept = answering(404);
  await expect(judge()).rejects.toMatchObject({ status: 404 });
  memory.intercept = undefined;
  const before = memory.requests.length;
  expect(await Promise.all([judge(), judge()])).toEqual([
    ["user-not-allowed: root"],
    ["user-not-allowed: root"],
  ]);
  expect(memory.requests.length - before).toBe(2); // its configuration and its layer
  writeFileSync(policy, "labels: [owner]");
  expect(await judge()).toEqual(["label-missing: owner"]);
  expect(memory.requests.length - before).toBe(4);
});
