import { parseArgs } from "node:util";
import { UsageError } from "../core/runtime/errors.ts";

/** A flag of a command: with a value it takes one, with `multiple` it may be given again. */
export interface Flag {
  readonly name: string;
  readonly value?: string;
  readonly multiple?: true;
  readonly describes: string;
}

export interface Command {
  readonly name: string;
  readonly describes: string;
  readonly flags: readonly Flag[];
  readonly examples: readonly (readonly [command: string, does: string])[];
  /** Returns the exit code. */
  run(values: FlagValues, stop: AbortSignal): Promise<number>;
}

export type FlagValues = Readonly<Record<string, string | readonly string[] | undefined>>;

/** What to do: run a command, or print a text and end. */
export type Parsed =
  | { readonly kind: "run"; readonly command: Command; readonly values: FlagValues }
  | { readonly kind: "print"; readonly text: string };

const PROGRAM = "plimsoll-agent";
const HELP = "print this help";

/** commander's manners without commander, which costs 4 MB. Throws UsageError for anything unknown. */
export function parseCommandLine(
  commands: readonly Command[],
  argv: readonly string[],
  version: string,
): Parsed {
  const [first, ...rest] = argv;
  if (first === undefined) throw new UsageError("which command?", { hint: `see ${PROGRAM} --help` });
  if (first === "-h" || first === "--help") return { kind: "print", text: renderOverview(commands) };
  if (first === "-V" || first === "--version") return { kind: "print", text: `${version}\n` };
  const command = commands.find(({ name }) => name === first);
  if (command === undefined) {
    const what = first.startsWith("-") ? "option" : "command";
    throw new UsageError(`unknown ${what} '${first}'`, { hint: `see ${PROGRAM} --help` });
  }
  const { help, values } = parseFlags(command, rest);
  return help ? { kind: "print", text: renderHelp(command) } : { kind: "run", command, values };
}

function parseFlags(command: Command, argv: readonly string[]): { help: boolean; values: FlagValues } {
  const options = Object.fromEntries(
    command.flags.map(({ name, multiple = false }) => [name, { type: "string" as const, multiple }]),
  );
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: { ...options, help: { type: "boolean", short: "h" } },
    });
    const { help = false, ...rest } = values;
    return { help: help === true, values: rest as FlagValues };
  } catch (error) {
    const [sentence = ""] = String(error instanceof Error ? error.message : error).split(/\. |\n/);
    throw new UsageError(sentence.charAt(0).toLowerCase() + sentence.slice(1), {
      hint: `see ${PROGRAM} ${command.name} --help`,
    });
  }
}

function renderOverview(commands: readonly Command[]): string {
  return [
    `Usage: ${PROGRAM} COMMAND [options]\n`,
    "Samples this machine's /proc and pushes it under the machine's permanent IP.\n",
    "Commands:",
    table(commands.map(({ name, describes }) => [name, describes])),
    "\nOptions:",
    table([
      ["-V, --version", "print the version"],
      ["-h, --help", `${HELP}; COMMAND --help shows a command's`],
    ]),
    renderExamples(commands.flatMap(({ examples }) => examples.slice(0, 1))),
  ].join("\n");
}

function renderHelp({ name, describes, flags, examples }: Command): string {
  const rows = flags.map(
    (flag) => [`--${flag.name}${flag.value === undefined ? "" : ` ${flag.value}`}`, flag.describes] as const,
  );
  return [
    `Usage: ${PROGRAM} ${name} [options]\n`,
    `${describes}\n`,
    "Options:",
    table([...rows, ["-h, --help", HELP]]),
    renderExamples(examples),
  ].join("\n");
}

function renderExamples(examples: Command["examples"]): string {
  return `\nExamples:\n${examples.map(([line, does]) => `  $ ${line}\n      ${does}\n`).join("")}`;
}

function table(rows: readonly (readonly [left: string, right: string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join("\n");
}
