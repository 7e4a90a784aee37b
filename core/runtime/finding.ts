import { EXIT } from "./program.ts";

/** One thing that a `doctor` looked at. `wrong` keeps its program from what it is for; `note` is to be known. */
export interface Finding {
  readonly state: "ok" | "note" | "wrong";
  readonly what: string;
  /** What to do about it. */
  readonly hint?: string;
}

/** A line each, or a JSON array. */
export function renderFindings(findings: readonly Finding[], isJson: boolean): string {
  return isJson ? `${JSON.stringify(findings)}\n` : findings.map(renderFinding).join("");
}

/** What a `doctor` ends with. */
export function exitCodeOf(findings: readonly Finding[]): number {
  return findings.some(({ state }) => state === "wrong") ? EXIT.failed : EXIT.done;
}

function renderFinding({ state, what, hint }: Finding): string {
  return `${state.padEnd(7)}${what}${hint === undefined ? "" : ` (hint: ${hint})`}\n`;
}
