import type { Exec } from "../../../core/runtime/exec.ts";
import type { Finding } from "../../../core/runtime/finding.ts";
import type { HostConfig } from "../config.ts";
import type { Absence, HostStatus } from "../status.ts";

/** What a check may look at. */
export interface CheckContext {
  readonly config: HostConfig;
  readonly status: HostStatus;
  readonly run: Exec;
  /** Where the kernel's files are, `/` but in tests. */
  readonly root: string;
}

export type Check = (context: CheckContext) => readonly Finding[] | Promise<readonly Finding[]>;

/** `ok` where it is met, else what is used instead, or cannot be had. */
export function finding(
  isMet: boolean,
  what: string,
  otherwise: { readonly state: "note" | "wrong"; readonly what: string; readonly hint: string },
): Finding {
  return isMet ? { state: "ok", what } : otherwise;
}

export function wrong({ problem, hint }: Absence): Finding {
  return { state: "wrong", what: problem, ...(hint === undefined ? {} : { hint }) };
}
