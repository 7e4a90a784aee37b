import { expect, test } from "vitest";
import { NoData } from "../../../../agent/source-kind.ts";
import { sources } from "../../../../agent/sources/index.ts";
import { renderExposition } from "../../../../core/metrics/exposition.ts";
import { isLabelName, isMetricName } from "../../../../core/metrics/labels.ts";
import type { Series } from "../../../../core/metrics/series.ts";
import { openSource, tickIn } from "../../../support/source-context.ts";

/** Of the machine that runs the test, not of the fixture. */
const OF_THIS_MACHINE = ["exec", "textfile", "uname"];

function noData(error: unknown): readonly Series[] {
  if (error instanceof NoData) return [];
  throw error;
}

const pages = await Promise.all(
  sources
    .filter(({ name }) => !OF_THIS_MACHINE.includes(name))
    .map((kind) => openSource(kind)(tickIn()).catch(noData)),
);
const series = pages.flat();

test("the whole page of the fixture container", async () => {
  await expect(renderExposition(series)).toMatchFileSnapshot("../../../golden/agent/container.prom");
});

test("every name is valid, counters of the agent's choosing end in _total, no series comes twice", () => {
  expect(series.filter(({ name }) => !isMetricName(name))).toEqual([]);
  expect(series.flatMap(({ labels }) => Object.keys(labels)).filter((name) => !isLabelName(name))).toEqual(
    [],
  );
  expect(series.filter(({ name, kind }) => (kind === "counter") !== name.endsWith("_total"))).toEqual([]);
  const keys = series.map(({ name, labels }) => `${name}${JSON.stringify(labels)}`);
  expect(new Set(keys).size).toBe(keys.length);
});

test("sources have distinct names", () => {
  expect(new Set(sources.map(({ name }) => name)).size).toBe(sources.length);
});
