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
const ASKER = { client: "one", signal: new AbortController().signal };

test("an image is looked into once, by the policy as it is now; a failure is not kept", async () => {
  const policy = join(cleanup.temporaryFolder(), "policy.yaml");
  writeFileSync(policy, "users: { forbidden: [root] }");
  const memory = await new MemoryRegistry().start(cleanup);
  const digest = memory.putImage("app", "v1", makeTar([{ name: "file" }]));
  const registry = new Registry({ url: memory.url });
  cleanup.add("client", () => registry.close());
  const manifest = (await registry.manifest("app", digest)) as Manifest;
  const verdicts = new Verdicts(policy);
  const judge = (): Promise<readonly string[]> => verdicts.judge({ url: memory.url }, "app", manifest, ASKER);

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

test("what never comes to an end is given up, and others have their turn meanwhile", async () => {
  const policy = join(cleanup.temporaryFolder(), "policy.yaml");
  writeFileSync(policy, "users: { forbidden: [root] }");
  const memory = await new MemoryRegistry().start(cleanup);
  const digests = ["a", "b", "c", "d"].map((user) =>
    memory.putImage("app", undefined, makeTar([{ name: user }]), { config: { User: user } }),
  );
  const registry = new Registry({ url: memory.url });
  cleanup.add("client", () => registry.close());
  const manifests = await Promise.all(digests.map((digest) => registry.manifest("app", digest)));
  const [a, b, c, d] = manifests as [Manifest, Manifest, Manifest, Manifest];
  const verdicts = new Verdicts(policy, 1000);
  const judge = (manifest: Manifest, client: string, signal = ASKER.signal): Promise<readonly string[]> =>
    verdicts.judge({ url: memory.url }, "app", manifest, { client, signal });

  const asked: string[] = [];
  memory.intercept = ({ url = "" }) => asked.push(url) > 0; // and no answer
  const hostile = [judge(a, "hostile"), judge(b, "hostile")];
  for (const each of hostile) each.catch(() => {});
  const left = new AbortController();
  const third = judge(c, "hostile", left.signal);
  left.abort();
  await expect(third).rejects.toMatchObject({ code: "BUSY" });
  await expect.poll(() => asked.length).toBe(2);
  memory.intercept = undefined;
  expect(await judge(d, "honest")).toEqual([]);
  for (const each of hostile)
    await expect(each).rejects.toMatchObject({ code: "GATE", message: "not done after 1 s" });
  expect(await judge(a, "hostile")).toEqual([]); // not kept
});

test("who has waited for a turn is judged by the policy as it is then, and keeps no turn for what is known by then", async () => {
  const policy = join(cleanup.temporaryFolder(), "policy.yaml");
  writeFileSync(policy, "{}");
  const memory = await new MemoryRegistry().start(cleanup);
  const registry = new Registry({ url: memory.url });
  cleanup.add("client", () => registry.close());
  const manifests = await Promise.all(
    ["a", "b", "c", "d", "e"].map((user) => {
      const layer = makeTar([{ name: user }]);
      return registry.manifest("app", memory.putImage("app", undefined, layer, { config: { User: user } }));
    }),
  );
  const verdicts = new Verdicts(policy, 1000);
  const judge = (at: number, client: string): Promise<readonly string[]> => {
    const asker = { ...ASKER, client };
    const verdict = verdicts.judge({ url: memory.url }, "app", manifests[at] as Manifest, asker);
    verdict.catch(() => {});
    return verdict;
  };
  const free = JSON.parse(String(manifests[4]?.bytes));
  const asked = new Set<string>();
  memory.intercept = ({ url = "" }) => {
    const isFree = [free.config, ...free.layers].some(({ digest }) => url.endsWith(digest));
    return !isFree && asked.add(url) === asked; // and no answer
  };
  const first = [judge(0, "x"), judge(1, "x"), judge(2, "y")];
  await expect.poll(() => asked.size).toBe(3);
  const second = [judge(3, "x"), judge(3, "y"), judge(3, "z"), judge(4, "z")];
  await new Promise((resolve) => setTimeout(resolve, 50)); // they wait
  writeFileSync(policy, "labels: [owner]");
  for (const each of first) await expect(each).rejects.toMatchObject({ code: "GATE" });
  // One look at what three have brought, and the other beside it.
  expect(await Promise.race(second)).toEqual(["label-missing: owner"]);
  for (const each of second.slice(0, 3)) await expect(each).rejects.toMatchObject({ code: "GATE" });
});

test("what is wrong with the policy is told as it is now", async () => {
  const policy = join(cleanup.temporaryFolder(), "policy.yaml");
  const verdicts = new Verdicts(policy);
  expect(await verdicts.problem()).toBe(`configuration ${policy}: cannot be read: ENOENT`);
  writeFileSync(policy, "");
  expect(await verdicts.problem()).toBe(`policy ${policy}: is empty (hint: {} is one that asks for nothing)`);
  writeFileSync(policy, "{}");
  expect(await verdicts.problem()).toBeUndefined();
  writeFileSync(policy, "ports: [http]");
  expect(await verdicts.problem()).toMatch("is not a port");
});
