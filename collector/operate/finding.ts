/** One thing that `doctor` looked at. `wrong` keeps samples from being taken, kept or handed on; `note` is to be known. */
export interface Finding {
  readonly state: "ok" | "note" | "wrong";
  readonly what: string;
  /** What to do about it. */
  readonly hint?: string;
}

export function renderFinding({ state, what, hint }: Finding): string {
  return `${state.padEnd(7)}${what}${hint === undefined ? "" : ` (hint: ${hint})`}\n`;
}
