import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { limitScopes, NamespaceUsage } from "../../../../../provisioner/registry/tokens/quotas.ts";
import { parseScopes } from "../../../../../provisioner/registry/tokens/scope.ts";
import { Cleanup } from "../../../../support/cleanup.ts";
import { ManualClock } from "../../../../support/manual-clock.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

test("push goes where a namespace is full, pull stays, and others are not touched", async () => {
  const quotas = [
    { namespace: "team", bytes: 10 },
    { namespace: "team/web", bytes: 5 },
    { namespace: "te", bytes: 1 },
  ];
  const limit = async (full: string, scope: string): Promise<string> => {
    const isFull = async ({ namespace }: { namespace: string }): Promise<boolean> => namespace === full;
    return String((await limitScopes(quotas, isFull, parseScopes([scope])))[0]?.actions);
  };
  expect(await limit("team", "repository:team/app:pull,push")).toBe("pull");
  expect(await limit("team", "repository:team:push,delete")).toBe("delete");
  expect(await limit("team/web", "repository:team/app:pull,push")).toBe("pull,push");
  expect(await limit("te", "repository:team/app:pull,push")).toBe("pull,push");
  expect(await limit("team", "registry:catalog:*")).toBe("*");
});

test("layers of all repositories below, each once, as long as they are there", async () => {
  const folder = cleanup.temporaryFolder();
  const write = (path: string, text: string): void => {
    const file = join(folder, "docker/registry/v2", path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  };
  const layer = (repository: string, hex: string): void =>
    write(`repositories/${repository}/_layers/sha256/${hex}/link`, `sha256:${hex}`);
  for (const [hex, size] of [
    ["aa1", 100],
    ["bb2", 20],
    ["cc3", 3],
  ] as const)
    write(`blobs/sha256/${hex.slice(0, 2)}/${hex}/data`, "x".repeat(size));
  layer("team", "aa1");
  layer("team/app", "aa1");
  layer("team/app/deep", "bb2");
  layer("team/app", "dd4"); // its data was collected
  layer("teams", "cc3");

  const clock = new ManualClock();
  const usage = new NamespaceUsage(folder, clock);
  expect(await usage.bytes("team")).toBe(120);
  expect(await usage.bytes("team/app/deep")).toBe(20);
  expect(await usage.bytes("nobody")).toBe(0);
  layer("team/new", "cc3");
  expect(await usage.bytes("team")).toBe(120);
  await clock.advance(1000);
  expect(await usage.bytes("team")).toBe(123);
});
