import { Command, CommanderError } from "commander";
import { UsageError } from "./errors.ts";
import { EXIT, Exit, runProgram } from "./program.ts";
import { packageVersion } from "./version.ts";

/**
 * A commander program with the house's manners: help ends with examples, a wrong argument is one
 * line on stderr and exit code 2, `--version` prints the package's version.
 */
export function createProgram(name: string, description: string): Command {
  return createCommand(name, description).version(packageVersion(), "-V, --version", "print the version");
}

/** A sub-command with the same manners, to be given to `addCommand`, which hands none of them down. */
export function createCommand(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .helpOption("-h, --help", "print this help")
    .helpCommand(false)
    .showHelpAfterError(false)
    .allowExcessArguments(false)
    .configureOutput({ outputError: () => {} })
    .exitOverride();
}

/** A sub-command's examples, shown under its help. */
export function withExamples(
  command: Command,
  examples: readonly (readonly [command: string, does: string])[],
): Command {
  const lines = examples.map(([line, does]) => `  $ ${line}\n      ${does}`);
  return command.addHelpText("after", `\nExamples:\n${lines.join("\n")}`);
}

/** Parses process.argv, runs the chosen action and sets the exit code. Actions receive what `setup` closed over. */
export async function runCommandLine(
  setup: (signal: AbortSignal) => Command,
  signals?: readonly NodeJS.Signals[],
): Promise<void> {
  await runProgram(async (signal) => {
    const program = setup(signal);
    try {
      await program.parseAsync();
      return EXIT.done;
    } catch (error) {
      if (!(error instanceof CommanderError)) throw error;
      if (error.exitCode === 0) return EXIT.done;
      if (error.code === "commander.help") return EXIT.usage;
      throw new UsageError(error.message.replace(/^error: /, "").replaceAll("\n", " "), {
        hint: `see ${program.name()} --help`,
      });
    }
  }, signals);
}

/** Ends the running command with `exitCode`, if it is not 0. */
export function exitWith(exitCode: number): void {
  if (exitCode !== EXIT.done) throw new Exit(exitCode);
}
