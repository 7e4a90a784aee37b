import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { systemClock } from "../../../../../core/runtime/clock.ts";
import {
  type WarmOrder,
  type WarmReport,
  writeReport,
} from "../../../../../provisioner/images/warm/documents.ts";
import { chooseHosts, runRound } from "../../../../../provisioner/images/warm/round.ts";
import { parseWarmRules } from "../../../../../provisioner/images/warm/rules.ts";
import { openStore } from "../../../../../provisioner/store/open.ts";
import { Cleanup } from "../../../../support/cleanup.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

test("without a fleet it is this host, and this process does it", async () => {
  const store = await openStore(join(cleanup.temporaryFolder(), "state.db"));
  cleanup.add("store", () => store.close());
  const values = {
    registries: { one: { url: "http://r:5000" } },
    warm: { base: { registry: "one", hosts: "rack=a" } },
  };
  const [rule] = parseWarmRules("registry.yaml", values);
  if (rule === undefined) throw new Error("no rule");
  const carryOutHere = async ({ host, rule: name, round }: WarmOrder): Promise<WarmReport> => {
    const report = {
      ...{ host, rule: name, round, wanted: 0, pulled: 0, missing: [], failed: [] },
      ...{ startedMs: 1, endedMs: 2, currentMs: 1 },
    };
    await writeReport(store, report);
    return report;
  };
  const signal = new AbortController().signal;
  const parts = { store, clock: systemClock, here: "h1", signal, carryOutHere, onReport: () => {} };

  expect(await chooseHosts(store, "h1", rule)).toEqual([{ name: "h1", images: [] }]);
  expect(await runRound(rule, { images: [], refused: [] }, parts)).toMatchObject([
    { host: "h1", state: "ended", report: { endedMs: 2 } },
  ]);
  expect(
    await runRound(rule, { images: [], refused: [] }, { ...parts, signal: AbortSignal.abort() }),
  ).toMatchObject([{ host: "h1", state: "unfinished" }]);
});
