/** What became of a test in the guest, one JSON line each. */
export interface Outcome {
  readonly file: string;
  readonly name: string;
  readonly state: "passed" | "failed" | "skipped";
  readonly seconds: number;
  /** Why it failed, or was skipped. */
  readonly detail: string;
}

export function renderOutcomes(outcomes: readonly Outcome[]): string {
  return outcomes.map((outcome) => `${JSON.stringify(outcome)}\n`).join("");
}

/** A last line without its end was being written when the guest was switched off. */
export function parseOutcomes(text: string): readonly Outcome[] {
  return text
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}
