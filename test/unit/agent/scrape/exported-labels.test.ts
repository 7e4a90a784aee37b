import { expect, test } from "vitest";
import { exportedLabels } from "../../../../agent/scrape/exported-labels.ts";

const TAKEN = new Set(["job", "ip"]);
const exported = (labels: Record<string, string>) => exportedLabels(labels, (name) => TAKEN.has(name));

test("a taken name gets out of the way, past names that are there already", () => {
  expect(exported({ a: "1", job: "mine" })).toEqual({ a: "1", exported_job: "mine" });
  expect(exported({ job: "1", exported_job: "2" })).toEqual({
    exported_exported_job: "1",
    exported_job: "2",
  });
});

test("nothing taken, nothing made", () => {
  const labels = { a: "1" };

  expect(exported(labels)).toBe(labels);
});
