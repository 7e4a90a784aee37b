import type { Command } from "commander";
import { createCommand, withExamples } from "../../core/runtime/command-line.ts";
import type { ServeFlags } from "../serve-options.ts";

export interface LetterFlags extends Pick<ServeFlags, "config" | "data" | "forward"> {
  /** Parts of a sink's URL and of a reason. */
  readonly sink?: string;
  readonly reason?: string;
  readonly limit?: string;
  readonly json?: true;
}

/** `plimsoll-collector dead-letters list|show|resubmit`: what sinks have refused for good, whether the collector runs or not. */
export function deadLettersCommand(): Command {
  const append = (value: string, others: readonly string[] = []): readonly string[] => [...others, value];
  const does =
    (name: "listLetters" | "showLetters" | "resubmit") =>
    async (flags: LetterFlags): Promise<void> => {
      const answers = await import("./answers.ts"); // --help needs none of it
      process.stdout.write(await answers[name](flags));
    };
  const command = createCommand("dead-letters", "what sinks have refused for good")
    .addCommand(subCommand("list", "how much, of which sink and why").action(does("listLetters")))
    .addCommand(
      subCommand("show", "which samples they are, the latest last")
        .option("--limit <number>", "so many letters, the latest (default: 20)")
        .action(does("showLetters")),
    )
    .addCommand(
      subCommand("resubmit", "deliver them again to the sinks that refused them")
        .option("--forward <url>", "a sink with its credentials; may be repeated", append)
        .action(does("resubmit")),
    );
  return withExamples(command, [
    ["plimsoll-collector dead-letters list", "how many samples, by sink and reason"],
    ["plimsoll-collector dead-letters show --reason 'out of bounds'", "which ones"],
    ["plimsoll-collector dead-letters resubmit --sink :9090", "to one sink, after what was wrong is mended"],
  ]);
}

function subCommand(name: string, description: string): Command {
  return createCommand(name, description)
    .option("--data <directory>", "the collector's (default: /var/lib/plimsoll/collector)")
    .option("--config <file>", "the collector's (default: /etc/plimsoll/collector.yaml if there)")
    .option("--sink <text>", "only of sinks with this in their URL")
    .option("--reason <text>", "only with this in their reason")
    .option("--json", "a line of JSON for each");
}
