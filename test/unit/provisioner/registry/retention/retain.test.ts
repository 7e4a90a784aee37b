import { afterAll, beforeEach, expect, test } from "vitest";
import { type RetentionReport, retain } from "../../../../../provisioner/registry/retention/retain.ts";
import { parseRetention } from "../../../../../provisioner/registry/retention/rules.ts";
import { Cleanup } from "../../../../support/cleanup.ts";
import { ManualClock } from "../../../../support/manual-clock.ts";
import { answering, INDEX, MANIFEST, MemoryRegistry } from "../../../../support/memory-registry.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());
const clock = new ManualClock(Date.UTC(2026, 0, 31));
let memory = new MemoryRegistry();

beforeEach(async () => {
  memory = await new MemoryRegistry().start(cleanup);
});

function apply(values: object, isDryRun = false, running: readonly string[] = []): Promise<RetentionReport> {
  const registries = { east: { url: memory.url } };
  const [rule] = parseRetention("file", {
    registries,
    retention: { builds: { registry: "east", ...values } },
  });
  if (rule === undefined) throw new Error("no rule");
  return retain(rule, { digests: new Set(running), tags: new Set() }, clock, isDryRun);
}

function put(repository: string, day: number): void {
  memory.putImage(repository, `v${day}`, `${repository}${day}`, {
    created: new Date(Date.UTC(2026, 0, day)).toISOString(),
  });
}

test("in each repository that is meant, once; the second time there is nothing to do", async () => {
  for (const repository of ["a", "team/b", "other"]) for (const day of [1, 2, 3]) put(repository, day);
  memory.putImage("a", "undated", "x");
  const rule = { keepLast: 2, repositories: ["a", "team/*"] };
  expect(await apply(rule, true)).toMatchObject({ manifests: 2 });
  const report = await apply(rule);
  expect(report).toMatchObject({ rule: "builds", manifests: 2, ageless: ["a:undated"] });
  expect(report.outcomes).toMatchObject([
    { repository: "a", tag: "v1", action: "removed" },
    { repository: "team/b", tag: "v1", action: "removed" },
  ]);
  expect(Object.keys(memory.tagsOf("a")).sort()).toEqual(["undated", "v2", "v3"]);
  expect(Object.keys(memory.tagsOf("other"))).toHaveLength(3);
  expect((await apply(rule)).outcomes).toEqual([]);
});

test("what a container runs is whole, also where no tag leads to it any more", async () => {
  for (const day of [1, 2, 3]) put("a", day);
  const part = memory.tagsOf("a").v1 ?? "";
  const manifests = [{ mediaType: MANIFEST, digest: part, size: 1 }];
  const index = memory.putManifest("a", undefined, { schemaVersion: 2, mediaType: INDEX, manifests }, INDEX);
  const report = await apply({ keepLast: 1 }, false, [index]);
  expect(report.outcomes).toMatchObject([{ tag: "v1" }, { tag: "v2", action: "removed" }]);
  expect(report.manifests).toBe(1);
  expect(memory.repository("a").manifests.has(part)).toBe(true);
});

test("a repository that cannot be read costs itself", async () => {
  for (const repository of ["a", "b"]) for (const day of [1, 2]) put(repository, day);
  const broken = answering(400, "no");
  memory.intercept = (request, response, body) =>
    request.url?.startsWith("/v2/a/") === true && broken(request, response, body);
  expect((await apply({ keepLast: 1 })).outcomes).toMatchObject([
    { repository: "a", action: "failed" },
    { repository: "b", tag: "v1", action: "removed" },
  ]);
});
