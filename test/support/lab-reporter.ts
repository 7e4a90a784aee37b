import { appendFileSync } from "node:fs";
import { basename } from "node:path";
import type { Reporter, TestCase, TestModule } from "vitest/node";
import { type Outcome, renderOutcomes } from "../lab/outcome.ts";
import { skipReason } from "./skip-reason.ts";

const OUTCOMES = "/run/exchange/outcomes";

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
