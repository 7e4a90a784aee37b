import { afterAll, expect, test } from "vitest";
import { parseWarmRules, type WarmRule } from "../../../../../provisioner/images/warm/rules.ts";
import { chooseTop, readWanted, type Wanted } from "../../../../../provisioner/images/warm/wanted.ts";
import { Registry } from "../../../../../provisioner/registry/client.ts";
import type { Judge } from "../../../../../provisioner/registry/replication/synchronize.ts";
import { Cleanup } from "../../../../support/cleanup.ts";
import { INDEX, MemoryRegistry } from "../../../../support/memory-registry.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

function ruleOf(url: string, more: object = {}): WarmRule {
  const registries = { one: { url } };
  const [rule] = parseWarmRules("registry.yaml", {
    registries,
    warm: { base: { registry: "one", ...more } },
  });
  if (rule === undefined) throw new Error("no rule");
  return rule;
}

async function read(
  server: MemoryRegistry,
  more: object,
  used: readonly string[] = [],
  judge?: Judge,
): Promise<Wanted> {
  const rule = ruleOf(server.url, more);
  const registry = new Registry(rule.registry);
  cleanup.add("registry", () => registry.close());
  return readWanted(rule, registry, used, "linux/amd64", judge);
}

test("what repositories and tags mean, by digest, under the name that people use", async () => {
  const server = await new MemoryRegistry().start(cleanup);
  const digest = server.putImage("team/app", "v1", "one");
  server.putImage("team/app", "latest", "two");
  server.putImage("team/app", `sha256-${"a".repeat(64)}`, "a signature");
  server.putImage("other", "v1", "three");
  const { host } = new URL(server.url);

  expect((await read(server, { repositories: "team/*", tags: "v*" })).images).toEqual([
    { image: `${host}/team/app:v1`, from: `${host}/team/app`, digest },
  ]);
  expect(
    (await read(server, { repositories: "team/*", as: "docker.io" })).images.map(({ image }) => image),
  ).toEqual([...["team/app:latest", "team/app:v1"]]);
});

test("what the most machines are made of, as far as the registry has it", async () => {
  const server = await new MemoryRegistry().start(cleanup);
  for (const tag of ["v1", "v2"]) server.putImage("team/app", tag, tag);
  const { host } = new URL(server.url);
  const used = [
    `${host}/team/app:v2`,
    `${host}/team/app:v1`,
    `${host}/team/app:v2`,
    `${host}/gone:v1`,
    "debian:12",
  ];

  const tags = async (top: number): Promise<unknown> =>
    (await read(server, { top }, used)).images.map(({ image }) => image);
  expect(await tags(1)).toEqual([`${host}/team/app:v2`]);
  expect(await tags(9)).toEqual([`${host}/team/app:v2`, `${host}/team/app:v1`]);
});

test("names of one image that are written differently count as one", () => {
  const rule = { ...ruleOf("https://registry-1.docker.io", { as: "docker.io/library" }), top: 1 };
  const used = ["debian", "docker.io/library/debian:latest", "alpine:3", "alpine:3", "debian:latest"];

  expect(chooseTop(rule, used)).toEqual([{ repository: "debian", tag: "latest" }]);
});

test("only images with a rule's labels, of this platform where there are several", async () => {
  const server = await new MemoryRegistry().start(cleanup);
  const labelled = { config: { Labels: { team: "web" } } };
  const digest = server.putImage("app", undefined, "one", labelled);
  server.putImage("app", "bare", "two");
  const manifests = [{ mediaType: INDEX, digest, size: 1, platform: { os: "linux", architecture: "amd64" } }];
  const size = server.repository("app").manifests.get(digest)?.bytes.length;
  const { mediaType } = server.repository("app").manifests.get(digest) ?? {};
  const index = server.putManifest("app", "multi", {
    ...{ schemaVersion: 2, mediaType: INDEX },
    manifests: manifests.map((each) => ({ ...each, mediaType, size })),
  });

  expect((await read(server, { labels: "team=web" })).images.map((each) => each.digest)).toEqual([index]);
});

test("what the policy refuses is told, and not pulled", async () => {
  const server = await new MemoryRegistry().start(cleanup);
  for (const tag of ["v1", "v2"]) server.putImage("app", tag, tag);
  const bad = server.tagsOf("app").v2;
  const { host } = new URL(server.url);

  const { images, refused } = await read(server, {}, [], async (_, digest) =>
    digest === bad ? ["too large"] : [],
  );
  expect(images.map(({ image }) => image)).toEqual([`${host}/app:v1`]);
  expect(refused).toEqual([{ image: `${host}/app:v2`, reasons: ["too large"] }]);
});

test("a rule without an end", async () => {
  const server = await new MemoryRegistry().start(cleanup);
  const digest = server.putImage("app", "v1", "one");
  for (let tag = 0; tag < 501; tag++) server.repository("app").tags.set(`t${tag}`, digest);

  await expect(read(server, { tags: "t*" })).rejects.toThrow("rule base: means 501 images, more than 500");
});
