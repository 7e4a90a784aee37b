import { appendFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import type { Reporter, SerializedError, TestCase, TestModule } from "vitest/node";
import { type Outcome, renderOutcomes } from "../lab/outcome.ts";
import { skipReason } from "./skip-reason.ts";

const OUTCOMES = "/run/exchange/outcomes";
/** Exists once every file has been reported: QEMU that is ended from outside exits with 0 as well. */
const COMPLETED = "/run/exchange/completed";

/** Hands each file's outcomes over to the machine outside, as soon as the file is done. */
export default class LabReporter implements Reporter {
  onTestModuleEnd(module: TestModule): void {
    const file = basename(module.moduleId, ".test.ts");
    const failures = [
      { name: "the file itself", errors: module.errors() },
      ...[...module.children.allSuites()].map((suite) => ({
        name: `${suite.fullName}: hooks`,
        errors: suite.errors(),
      })),
    ].filter(({ errors }) => errors.length > 0);
    const outcomes: Outcome[] = [
      ...failures.map(({ name, errors }) => ({
        ...{ file, name, seconds: 0 },
        ...{ state: "failed" as const, detail: renderErrors(errors) },
      })),
      ...[...module.children.allTests()].flatMap((test) => outcomesOf(file, test)),
    ];
    appendFileSync(OUTCOMES, renderOutcomes(outcomes));
  }

  /** `errors` belong to no test: an unhandled rejection, a worker that died. */
  onTestRunEnd(_modules: readonly TestModule[], errors: readonly SerializedError[]): void {
    const about = { file: "suite", name: "outside of any test", seconds: 0 };
    if (errors.length > 0)
      appendFileSync(OUTCOMES, renderOutcomes([{ ...about, state: "failed", detail: renderErrors(errors) }]));
    writeFileSync(COMPLETED, "");
  }
}

/** One, or none of a test that was not asked for. */
function outcomesOf(file: string, test: TestCase): readonly Outcome[] {
  const result = test.result();
  const about = { file, name: test.fullName, seconds: (test.diagnostic()?.duration ?? 0) / 1000 };
  switch (result.state) {
    case "passed":
      return [{ ...about, state: "passed", detail: "" }];
    case "failed":
      return [{ ...about, state: "failed", detail: renderErrors(result.errors) }];
    case "skipped": {
      const reason = skipReason(test);
      return reason === undefined ? [] : [{ ...about, state: "skipped", detail: reason }];
    }
    case "pending":
      return [];
  }
}

function renderErrors(errors: readonly { readonly message: string; readonly stack?: string }[]): string {
  return errors.map(({ message, stack }) => stack ?? message).join("\n");
}
