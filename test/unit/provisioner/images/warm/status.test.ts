import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { writeReport } from "../../../../../provisioner/images/warm/documents.ts";
import { parseWarmRules } from "../../../../../provisioner/images/warm/rules.ts";
import {
  readWarmStatuses,
  renderWarmMetrics,
  renderWarmStatus,
  type WarmStatus,
} from "../../../../../provisioner/images/warm/status.ts";
import { openStore } from "../../../../../provisioner/store/open.ts";
import { Cleanup } from "../../../../support/cleanup.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

const STATUS: WarmStatus = {
  ...{ rule: "base", host: "h1", wanted: 3, present: 1, missing: ["app:v2"], failed: ["app:v3: no route"] },
  ...{ currentMs: 1_700_000_000_000, isUnderWay: true },
};
const NEVER: WarmStatus = {
  ...STATUS,
  host: "h2",
  wanted: 0,
  present: 0,
  missing: [],
  failed: [],
  currentMs: 0,
  isUnderWay: false,
};

test("a table, and what failed", () => {
  expect(renderWarmStatus([STATUS, NEVER])).toBe(
    [
      "RULE  HOST  WANTED  PRESENT  MISSING  FAILED  CURRENT AT",
      "base  h1    3       1        1        1       2023-11-14T22:13:20.000Z, under way",
      "base  h2    0       0        0        0       never",
      "base: h1: app:v3: no route",
      "",
    ].join("\n"),
  );
});

test("metrics", () => {
  const lines = renderWarmMetrics([STATUS, NEVER], 1_700_000_060_000).split("\n");

  expect(lines).toContain('plimsoll_image_warm_images{rule="base",host="h1",state="missing"} 1');
  expect(lines).toContain('plimsoll_image_warm_lag_seconds{rule="base",host="h1"} 60');
  expect(lines).toContain('plimsoll_image_warm_lag_seconds{rule="base",host="h2"} +Inf');
});

test("of the rules that there are, what their hosts have reported", async () => {
  const store = await openStore(join(cleanup.temporaryFolder(), "state.db"));
  cleanup.add("store", () => store.close());
  const report = {
    ...{ host: "h1", round: "1", wanted: 3, pulled: 1, missing: ["app:v2"], failed: ["app:v3: no route"] },
    ...{ startedMs: 1, endedMs: undefined, currentMs: 1_700_000_000_000 },
  };
  await writeReport(store, { ...report, rule: "base" });
  await writeReport(store, { ...report, rule: "gone" });
  const registries = { one: { url: "http://r:5000" } };
  const rules = parseWarmRules("registry.yaml", { registries, warm: { base: { registry: "one" } } });

  expect(await readWarmStatuses(rules, store)).toEqual([STATUS]);
});
