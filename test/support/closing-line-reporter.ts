import type { Reporter, TestCase, TestModule } from "vitest/node";
import { skipReason } from "./skip-reason.ts";

/**
 * Prints, as the very last thing of a run, why tests were skipped and the closing line
 * `N passed, N failed, N skipped` over all projects. A file that cannot be loaded, a failing hook
 * and an error outside of any test count as one failure each.
 */
export default class ClosingLineReporter implements Reporter {
  #lines: readonly string[] = [];

  onInit(): void {
    process.once("exit", () => {
      if (this.#lines.length > 0) process.stdout.write(`${this.#lines.join("\n")}\n`);
    });
  }

  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const inState = (state: string): readonly TestCase[] =>
      tests.filter((test) => test.result().state === state);
    const brokenFiles = modules.filter((module) => module.errors().length > 0 || brokenSuites(module) > 0);
    const failed = inState("failed").length + brokenFiles.length + errors.length;
    const skipped = [...inState("skipped"), ...inState("pending")];
    this.#lines = [
      ...renderReasons(skipped.map((test) => skipReason(test) ?? "not run")),
      `${inState("passed").length} passed, ${failed} failed, ${skipped.length} skipped`,
    ];
    process.send?.("counted"); // tells scripts/test.mjs that the line will come
  }
}

function brokenSuites(module: TestModule): number {
  return [...module.children.allSuites()].filter((suite) => suite.errors().length > 0).length;
}

function renderReasons(reasons: readonly string[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts].map(([reason, count]) => `skipped ${count}: ${reason}`);
}
