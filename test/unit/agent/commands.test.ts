import { afterEach, expect, test, vi } from "vitest";
import { parseCommandLine } from "../../../agent/command-line.ts";
import { commands } from "../../../agent/commands.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

test("every command has help, examples and flags it takes", () => {
  expect(commands.map(({ name }) => name)).toEqual(["run", "once", "check-config", "doctor", "facts"]);
  for (const { name, examples } of commands) {
    expect(parseCommandLine(commands, [name, "--help"], "")).toMatchObject({ kind: "print" });
    for (const [line] of examples) {
      const argv = line.replace(/^.*plimsoll-agent /, "").split(" ");
      expect(parseCommandLine(commands, argv, "")).toMatchObject({ kind: "run" });
    }
  }
});

test("flags reach the options: a wrong one is refused before anything starts", async () => {
  const run = commands.find(({ name }) => name === "run");
  const stop = AbortSignal.abort();

  await expect(run?.run({ ip: "x" }, stop)).rejects.toThrow("--ip");
  await expect(run?.run({ push: "x" }, stop)).rejects.toThrow("--push");
  await expect(run?.run({ push: ["x"] }, stop)).rejects.toThrow("--push");
});

test("once, check-config and facts print and end", async () => {
  const printed: string[] = [];
  vi.spyOn(process.stdout, "write").mockImplementation((text) => printed.push(String(text)) > 0);
  const push = ["remote-write+http://collector/"];
  const codes: (number | undefined)[] = [];
  for (const [name, values] of Object.entries({ once: {}, "check-config": { push }, facts: {} })) {
    codes.push(await commands.find((command) => command.name === name)?.run(values, AbortSignal.abort()));
  }

  expect(codes).toEqual([0, 0, 0]);
  expect(printed).toEqual([
    expect.stringContaining("node_load1 "),
    expect.stringContaining("http://collector/"),
    expect.stringContaining('"virtualisation"'),
  ]);
});
