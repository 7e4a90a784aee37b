import { systemClock } from "../../core/runtime/clock.ts";
import type { Progress, Watcher } from "../operations/run.ts";
import { renderStep } from "../step/render.ts";
import type { Step } from "../step/steps.ts";

/** Where progress is shown: standard error, when it is a terminal. */
export interface ProgressTarget {
  readonly isTTY?: boolean | undefined;
  write(text: string): unknown;
}

/** Shows each step as a line as it begins, and how long the last one took; nothing unless to a terminal. */
export function showProgress(target: ProgressTarget, isQuiet: boolean): Watcher {
  if (isQuiet || target.isTTY !== true) return { begin: () => {}, done: () => {} };
  const begunMs = new Map<string, number>();
  return {
    begin: (step, progress) => {
      begunMs.set(step.machine.id, systemClock.monotonicMs());
      target.write(`${renderProgress(step, progress)}\n`);
    },
    done: (step) => {
      const ms = systemClock.monotonicMs() - (begunMs.get(step.machine.id) ?? 0);
      if (ms > SLOW_MS) target.write(`${step.machine.name}: took ${(ms / 1000).toFixed(1)} s\n`);
    },
  };
}

/** Worth a line of its own. */
const SLOW_MS = 1000;

/** `[ 3/14] web: create a data volume …`; what is taken back has an arrow instead of its number. */
export function renderProgress(step: Step, { number, of, isUndo }: Progress): string {
  const width = String(of).length;
  const mark = isUndo ? "<".padStart(width * 2 + 1) : `${String(number).padStart(width)}/${of}`;
  return `[${mark}] ${renderStep(step)}`;
}
