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

test.each([
  ["attach", "without a container", [], "no container named"],
  ["attach", "of a name that is none", ["web"], '"web" is not a container'],
  ["attach", "of one and all", ["1", "--all"], "containers are named, and --all"],
  ["attach", "with a log and no watch", ["1", "--log-level", "info"], "--log-level is for --watch"],
  ["attach", "of Docker's 1", ["1", "--docker-only"], "--docker-only is for --all"],
  ["attach", "watching 1", ["1", "--watch"], "--watch is for every container"],
  ["detach", "of Docker's 1", ["1", "--docker-only"], "--docker-only is for --all"],
  ["detach", "without a container", [], "no container named"],
] as const)("%s %s is refused before anything is looked for", async (command, _, args, why) => {
  const once = buildCommandLine(new AbortController().signal); // commander keeps options from one parse to the next
  await expect(once.parseAsync(["node", "plimsoll-shim", command, ...args])).rejects.toThrow(why);
});
