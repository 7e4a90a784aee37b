import { expect, test } from "vitest";
import type { Comparison } from "../../../../../provisioner/registry/replication/compare.ts";
import { NO_COUNTS } from "../../../../../provisioner/registry/replication/journal.ts";
import {
  renderMetrics,
  renderReport,
  renderStatus,
} from "../../../../../provisioner/registry/replication/render.ts";

const [one, two] = [`sha256:${"1".repeat(64)}`, `sha256:${"2".repeat(64)}`];
const outcome = (tag: string, action: Comparison["action"], failure?: string) => ({
  ...{ repository: "app", tag, action, source: one, destination: action === "copy" ? undefined : two },
  ...(failure === undefined ? {} : { failure }),
});
const status = {
  rule: "r",
  startedMs: 60_000,
  endedMs: 90_000,
  currentMs: 60_000,
  ...NO_COUNTS,
  same: 7,
  diverged: 1,
};

test("what a run did, a line each, and a last one", () => {
  const outcomes = [
    outcome("v1", "copy"),
    outcome("v2", "diverged"),
    outcome("v3", "ahead"),
    outcome("v4", "copy", "no answer"),
    { ...outcome("v5", "copy"), refused: ["user root", "and 3 more"] },
  ];
  const counts = {
    ...NO_COUNTS,
    same: 5,
    copied: 1,
    bytes: 10,
    diverged: 1,
    ahead: 1,
    refused: 1,
    failed: 1,
  };
  expect(renderReport({ rule: "r", counts, outcomes }, false)).toBe(
    [
      "r: app:v1 copied, sha256:111111111111",
      "r: app:v2 left alone, diverged: sha256:111111111111 at the source, sha256:222222222222 at the destination",
      "r: app:v3 left alone, changed at the destination alone: sha256:111111111111 at the source, sha256:222222222222 at the destination",
      "r: app:v4 failed: no answer",
      "r: app:v5 left alone, refused by the policy: user root; and 3 more",
      "r: 5 as they were, 1 copied (10 bytes), 0 deleted, 1 ahead, 1 diverged, 1 refused, 1 failed\n",
    ].join("\n"),
  );
  const planned = {
    rule: "r",
    counts: { ...NO_COUNTS, behind: 1 },
    outcomes: [{ ...outcome("v1", "delete"), source: undefined }],
  };
  expect(renderReport(planned, true)).toBe(
    "r: app:v1 to be deleted\nr: 0 as they were, 1 to copy or delete\n",
  );
});

test("rules and their last runs", () => {
  const table = renderStatus([
    { rule: "r", status },
    { rule: "new", status: undefined },
  ]);
  expect(table).toMatch(/^r +1970-01-01T00:01:30\.000Z +1970-01-01T00:01:00\.000Z +7 +0 +0 +1 +0 +0$/m);
  expect(table).toMatch(/^new +never/m);
});

test("metrics: lag, and tags by state", () => {
  const page = renderMetrics(
    [
      { rule: "r", status },
      { rule: "s", status: { ...status, rule: "s", currentMs: 0, endedMs: undefined } },
    ],
    100_000,
  );
  expect(page).toContain('plimsoll_registry_sync_lag_seconds{rule="r"} 40\n');
  expect(page).toContain('plimsoll_registry_sync_lag_seconds{rule="s"} +Inf\n');
  expect(page).toContain('plimsoll_registry_sync_last_run_ended{rule="s"} 0\n');
  expect(page).toContain('plimsoll_registry_sync_tags{rule="r",state="diverged"} 1\n');
  expect(page.match(/# TYPE/g)).toHaveLength(5);
});
