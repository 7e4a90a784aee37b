import { createInterface } from "node:readline/promises";
import { exitWith } from "../core/runtime/command-line.ts";
import { UsageError } from "../core/runtime/errors.ts";
import { EXIT } from "../core/runtime/program.ts";

/** What somebody is asked, after `lines` that say what would be done. */
export interface Confirmation {
  /** Who asks, for messages: `host init`. */
  readonly command: string;
  readonly lines: readonly string[];
  readonly question: string;
  /** How to go on where nobody can be asked. */
  readonly hint: string;
}

/** On a terminal only: whoever is not asked has to have said so. Anything but yes ends the program. */
export async function confirm(
  { command, lines, question, hint }: Confirmation,
  signal: AbortSignal,
): Promise<void> {
  if (!process.stdin.isTTY) throw new UsageError(`${command}: nobody can be asked`, { hint });
  process.stderr.write(lines.map((line) => `${line}\n`).join(""));
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question(`${question} [y/N] `, { signal });
    if (!/^y(es)?$/i.test(answer.trim())) exitWith(EXIT.interrupted);
  } finally {
    terminal.close();
  }
}
