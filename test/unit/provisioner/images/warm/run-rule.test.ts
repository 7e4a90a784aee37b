import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeEach, expect, test } from "vitest";
import { systemClock } from "../../../../../core/runtime/clock.ts";
import { renderOutcome, renderPlan } from "../../../../../provisioner/images/warm/render.ts";
import { parseWarmRules, type WarmRule } from "../../../../../provisioner/images/warm/rules.ts";
import { planRule, type RunParts, runRule } from "../../../../../provisioner/images/warm/run-rule.ts";
import { openStore } from "../../../../../provisioner/store/open.ts";
import { Cleanup } from "../../../../support/cleanup.ts";
import { makeTar } from "../../../../support/make-tar.ts";
import { MemoryEngine } from "../../../../support/memory-engine.ts";
import { MemoryRegistry } from "../../../../support/memory-registry.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());
let engine: MemoryEngine;
let server: MemoryRegistry;
let parts: RunParts;
let host: string;
beforeEach(async () => {
  engine = await new MemoryEngine().start(cleanup);
  server = await new MemoryRegistry().start(cleanup);
  host = new URL(server.url).host;
  server.putImage("app", "v1", makeTar([{ name: "a" }]));
  server.putImage("app", "v2", makeTar([{ name: "bin/su", mode: 0o4755 }]));
  const store = await openStore(join(cleanup.temporaryFolder(), "state.db"));
  cleanup.add("store", () => store.close());
  parts = {
    ...{ store, clock: systemClock, here: "h1", socketPath: engine.socket, platform: "linux/amd64" },
    ...{ signal: new AbortController().signal, onReport: () => {} },
  };
});

function ruleOf(more: object = {}): WarmRule {
  const values = { registries: { one: { url: server.url } }, warm: { base: { registry: "one", ...more } } };
  const [rule] = parseWarmRules("registry.yaml", values);
  if (rule === undefined) throw new Error("no rule");
  return rule;
}

test("a plan changes nothing; a run pulls what it says; after that there is nothing to pull", async () => {
  const plan = await planRule(ruleOf(), parts);
  expect(plan.hosts).toEqual([{ host: "h1", missing: [`${host}/app:v1`, `${host}/app:v2`] }]);
  expect(engine.pulls).toEqual([]);

  expect(renderOutcome(await runRule(ruleOf(), parts))).toBe("base: h1: 2 of 2 there, 2 pulled\n");
  expect(renderPlan(await planRule(ruleOf(), parts))).toBe("base: h1: 2 of 2 there\n");
});

test("what the rule's policy refuses is not pulled", async () => {
  const policy = join(cleanup.temporaryFolder(), "policy.json");
  writeFileSync(policy, JSON.stringify({ setuid: [] }));
  const outcome = await runRule(ruleOf({ policy }), parts);

  expect(outcome.images.map(({ image }) => image)).toEqual([`${host}/app:v1`]);
  expect(renderOutcome(outcome)).toMatch(/app:v2 is not pulled, refused by the policy: .*bin\/su/);
  expect(engine.pulls).toHaveLength(1);
});

test("a registry that is away says so, and nothing is ordered", async () => {
  server.intercept = (_request, response) => {
    response.writeHead(403).end();
    return true;
  };

  await expect(runRule(ruleOf(), parts)).rejects.toThrow(`registry ${host}`);
  expect((await parts.store.list("image-warm/")).entries).toEqual([]);
});
