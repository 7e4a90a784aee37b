import { errorLine } from "../../core/runtime/errors.ts";
import type { ExecResult } from "../../core/runtime/exec.ts";

/** What is run on both sides. Each prints what the tool really says there, nothing is computed. */
const COMMANDS: readonly (readonly [title: string, argv: readonly string[]])[] = [
  ["free -m", ["free", "-m"]],
  ["nproc", ["nproc"]],
  ["uptime", ["uptime"]],
  ["cat /proc/loadavg", ["cat", "/proc/loadavg"]],
  ["top -bn1 | head -5", ["sh", "-c", "top -bn1 | head -5"]],
  ["grep -c ^processor /proc/cpuinfo", ["grep", "-c", "^processor", "/proc/cpuinfo"]],
];

export interface ComparedCommand {
  readonly command: string;
  readonly host: string;
  readonly container: string;
}

type Run = (argv: readonly string[]) => Promise<ExecResult>;

/** Runs every command on the host and in the container. */
export async function compareSides(host: Run, container: Run): Promise<readonly ComparedCommand[]> {
  const rows: ComparedCommand[] = [];
  for (const [command, argv] of COMMANDS) {
    const [onHost, inContainer] = await Promise.all([outputOf(host, argv), outputOf(container, argv)]);
    rows.push({ command, host: onHost, container: inContainer });
  }
  return rows;
}

async function outputOf(run: Run, argv: readonly string[]): Promise<string> {
  try {
    return (await run(argv)).stdout.trimEnd();
  } catch (error) {
    return `(${errorLine(error)})`;
  }
}

/** The table a person reads: per command one block, the host's lines over the container's. */
export function renderComparison(rows: readonly ComparedCommand[]): string {
  const sides = ["host", "container"] as const;
  const rule = (left: string, middle: string): string => `${left}${"─".repeat(11)}${middle}${"─".repeat(88)}`;
  const lines: string[] = [];
  for (const row of rows) {
    lines.push(lines.length === 0 ? rule("┌", "┬") : rule("├", "┼"), `│ ${"$".padStart(9)} │ ${row.command}`);
    for (const side of sides) {
      const [first = "", ...rest] = row[side].split("\n").map((line) => line.trimEnd());
      lines.push(`│ ${side.padStart(9)} │ ${first}`, ...rest.map((line) => `│ ${" ".repeat(9)} │ ${line}`));
    }
  }
  return [...lines, rule("└", "┴")].map((line) => line.trimEnd()).join("\n");
}
