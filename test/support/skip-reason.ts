import type { TestCase } from "vitest/node";

/**
 * The note of `context.skip(note)`, or what `testIf` and `describeIf` left on the test or a suite
 * around it; undefined for a test that was not asked for.
 */
export function skipReason(test: TestCase): string | undefined {
  const result = test.result();
  if (result.state === "skipped" && result.note !== undefined) return result.note;
  for (let at: TestCase | TestCase["parent"] = test; ; at = at.parent) {
    const { skipReason: reason } = at.meta();
    if (reason !== undefined) return reason;
    if (at.type === "module") return undefined;
  }
}
