import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadOf, renderScale, spreadOf } from "../../support/collector-scale.ts";
import { ROOT } from "../repository/source-tree.ts";

const COSTS = { pushMs: 1, baseMiB: 100, agentKiB: 64, toldKiB: 1, queuedBytes: 100, sentBytes: 10 };

test("one collector has all agents, and waits of one core that is full are waits in a queue", () => {
  const load = loadOf(5000, 1, false, COSTS);
  expect(load).toMatchObject({ agents: 5000, cpuPercent: 50 });
  expect(load.memoryMiB).toBeCloseTo(100 + (5000 * 64) / 1024);
  expect(loadOf(12_000, 1, false, COSTS).waitP99Ms).toBeGreaterThan(1000);
  expect(load.waitP99Ms).toBeLessThan(100);
});

test("shares are even, and the others bear what one bore", () => {
  const [before, after] = [loadOf(20_000, 4, false, COSTS), loadOf(20_000, 4, true, COSTS)];
  expect(before.agents).toBeGreaterThanOrEqual(5000);
  expect(before.agents).toBeLessThan(5600);
  expect(after.agents).toBeGreaterThanOrEqual(6666);
  expect(after.agents).toBeLessThan(7500);
  const [least, most] = spreadOf(20_000);
  expect(most).toBeLessThan(least * 3);
});

test("the document has what is computed", () => {
  const path = join(ROOT, "docs/collector-scale-out.md");
  const text = readFileSync(path, "utf8");
  const computed = /\| agents \| collectors[\s\S]*?tenth of a second\.\n/;
  if (process.env.UPDATE_GOLDEN === "1")
    writeFileSync(
      path,
      text.replace(computed, () => renderScale()),
    );
  expect(computed.exec(text)?.[0]).toBe(renderScale());
});
