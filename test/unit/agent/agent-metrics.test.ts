import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { NoData, type SourceKind } from "../../../agent/source-kind.ts";
import { sources } from "../../../agent/sources/index.ts";
import { renderAgentMetrics } from "../../support/agent-metrics-document.ts";
import { isAbsent } from "../../support/node-exporter.ts";
import { openSource, tickIn } from "../../support/source-context.ts";
import { ROOT } from "../repository/source-tree.ts";

/** Those of the fixture container, but for the top of the processes, which is an option of an option. */
async function namesOf(kind: SourceKind): Promise<readonly string[]> {
  const options: Readonly<Record<string, Record<string, unknown>>> = { processes: { top: 1 } };
  try {
    const series = await openSource(kind, options[kind.name])(tickIn());
    return [...new Set(series.map(({ name }) => name))].sort();
  } catch (error) {
    if (error instanceof NoData) return [];
    throw error;
  }
}

test("docs/agent-metrics.md is what the sources say of themselves", async () => {
  const path = join(ROOT, "docs/agent-metrics.md");
  const text = await renderAgentMetrics(sources, namesOf);
  if (process.env.UPDATE_GOLDEN === "1") writeFileSync(path, text);

  expect(text).toBe(readFileSync(path, "utf8"));
});

test("nothing is said to be absent that is there", async () => {
  const names = (
    await Promise.all(sources.filter(({ name }) => !["exec", "textfile"].includes(name)).map(namesOf))
  ).flat();

  expect(names.filter(isAbsent)).toEqual([]);
});
