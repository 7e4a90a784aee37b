import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import {
  readRetentions,
  renderRetentionMetrics,
  renderRetentions,
  writeRetention,
} from "../../../../../provisioner/registry/retention/journal.ts";
import { openEmbeddedStore } from "../../../../../provisioner/store/embedded.ts";
import { Cleanup } from "../../../../support/cleanup.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

test("what the last run of a rule came to: written, read, and shown", async () => {
  const store = openEmbeddedStore(join(cleanup.temporaryFolder(), "state.db"));
  cleanup.add("store", () => store.close());
  const rules = [{ name: "builds" }, { name: "never" }];
  expect(renderRetentionMetrics(await readRetentions(store, rules))).toBe("");
  const about = { repository: "app", digest: "sha256:1" };
  const outcomes = [
    { ...about, tag: "v1", action: "removed" },
    { ...about, tag: "v2", action: "kept", why: "a container runs it" },
    { ...about, tag: "", action: "failed", why: "status 500" },
  ] as const;
  for (const endedMs of [1, 90_500])
    await writeRetention(
      store,
      { rule: "builds", outcomes, manifests: 3, bytes: 91, ageless: ["app:x"] },
      endedMs,
    );

  const statuses = await readRetentions(store, rules);
  expect(statuses).toEqual([
    { rule: "builds", endedMs: 90_500, removed: 1, kept: 1, failed: 1, ageless: 1, manifests: 3, bytes: 91 },
  ]);
  expect(renderRetentions(statuses)).toMatch(/^builds +1970-01-01T00:01:30.500Z +1 +1 +1 +1 +3 +91\n$/m);
  const page = renderRetentionMetrics(statuses);
  for (const line of [
    'last_run_end_seconds{rule="builds"} 90.5',
    'tags{rule="builds",state="removed"} 1',
    'tags{rule="builds",state="failed"} 1',
    'removed_manifests{rule="builds"} 3',
    'removed_bytes{rule="builds"} 91',
  ])
    expect(page).toContain(`plimsoll_registry_retention_${line}\n`);
});
