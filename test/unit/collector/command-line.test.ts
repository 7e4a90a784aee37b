import { CommanderError } from "commander";
import { expect, test } from "vitest";
import { buildCommandLine } from "../../../collector/command-line.ts";

test("serve's help has its options and examples", () => {
  const serve = buildCommandLine(new AbortController().signal).commands.find(
    (command) => command.name() === "serve",
  );
  let help = "";
  serve?.configureOutput({ writeOut: (text) => (help += text) });
  serve?.outputHelp();
  for (const word of ["--listen", "--forward", "--stale-after", "--config", "--log-level", "Examples:"]) {
    expect(help).toContain(word);
  }
});

test.for([
  ["serve", "--date", "x"],
  ["serve", "extra"],
  ["status", "extra"],
])("%j is refused", async (argv) => {
  const program = buildCommandLine(new AbortController().signal);
  await expect(program.parseAsync(argv, { from: "user" })).rejects.toThrow(CommanderError);
});
