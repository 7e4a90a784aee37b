import { expect, test } from "vitest";
import { type Command, parseCommandLine } from "../../../agent/command-line.ts";

const RUN: Command = {
  name: "run",
  describes: "Runs.",
  flags: [
    { name: "ip", value: "ADDR", describes: "the address" },
    { name: "push", value: "URL", multiple: true, describes: "where to" },
  ],
  examples: [["plimsoll-agent run --ip 10.0.0.7", "as 10.0.0.7"]],
  run: async () => 0,
};

const parse = (...argv: readonly string[]) => parseCommandLine([RUN], argv, "1.2.3");

test("a command and its flags", () => {
  expect(parse("run", "--ip", "10.0.0.7", "--push=a", "--push", "b")).toEqual({
    kind: "run",
    command: RUN,
    values: { ip: "10.0.0.7", push: ["a", "b"] },
  });
  expect(parse("run")).toMatchObject({ values: {} });
});

test("help of the program and of a command, with examples; the version", () => {
  for (const flag of ["--help", "-h"]) {
    expect(parse(flag)).toMatchObject({
      kind: "print",
      text: expect.stringMatching(/Commands:\n {2}run +Runs\.[\s\S]*Examples:/),
    });
    expect(parse("run", flag)).toMatchObject({
      kind: "print",
      text: expect.stringMatching(/--ip ADDR +the address[\s\S]*\$ plimsoll-agent run/),
    });
  }
  expect(parse("--version")).toEqual({ kind: "print", text: "1.2.3\n" });
  expect(parse("-V")).toEqual({ kind: "print", text: "1.2.3\n" });
});

test.for<[readonly string[], string]>([
  [[], "which command?"],
  [["walk"], "unknown command 'walk'"],
  [["--walk"], "unknown option '--walk'"],
  [["run", "--walk"], "unknown option '--walk'"],
  [["run", "fast"], "unexpected argument 'fast'"],
  [["run", "--ip"], "option '--ip <value>' argument missing"],
])("%j is one line and a hint", ([argv, message]) => {
  let failure: unknown;
  try {
    parse(...argv);
  } catch (error) {
    failure = error;
  }
  expect(failure).toMatchObject({ code: "USAGE", message, hint: expect.stringContaining("--help") });
});
