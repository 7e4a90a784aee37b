import { expect, test } from "vitest";
import { renderProgress, showProgress } from "../../../../provisioner/ct/progress.ts";

const step = { kind: "startHolder", machine: { id: "6f1c", name: "web" } } as const;

test("a step has its number, what is taken back an arrow", () => {
  expect(renderProgress(step, { number: 3, of: 14, isUndo: false })).toBe("[ 3/14] web: start the holder");
  expect(renderProgress(step, { number: 3, of: 14, isUndo: true })).toBe("[    <] web: start the holder");
});

test("shown to a terminal only, and not when it is to be quiet", () => {
  const written: string[] = [];
  const target = (isTTY: boolean) => ({ isTTY, write: (text: string) => written.push(text) });
  showProgress(target(false), false).begin(step, { number: 1, of: 1, isUndo: false });
  showProgress(target(true), true).begin(step, { number: 1, of: 1, isUndo: false });
  expect(written).toEqual([]);

  const shown = showProgress(target(true), false);
  shown.begin(step, { number: 1, of: 1, isUndo: false });
  shown.done(step);
  expect(written).toEqual(["[1/1] web: start the holder\n"]);
});
