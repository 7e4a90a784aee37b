import { expect, test } from "vitest";
import { buildCommandLine } from "../../../lxcfs-shim/command-line.ts";

const program = buildCommandLine(new AbortController().signal);

test("each command says what it does and shows an example", () => {
  for (const command of program.commands) {
    const printed: string[] = [];
    command.configureOutput({ writeOut: (text) => void printed.push(text) });
    command.outputHelp();

    expect(command.description(), command.name()).not.toBe("");
    expect(printed.join(""), command.name()).toMatch(/\nExamples:\n {2}\$ plimsoll-shim /);
  }
});

test("a wrong flag is refused by name", async () => {
  await expect(program.parseAsync(["node", "plimsoll-shim", "serve", "--fast"])).rejects.toThrow(
    "unknown option '--fast'",
  );
});
