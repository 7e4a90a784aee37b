import { afterEach, beforeEach, expect, test, vi } from "vitest";
import {
  createCommand,
  createProgram,
  exitWith,
  runCommandLine,
  withExamples,
} from "../../../../core/runtime/command-line.ts";
import { packageVersion } from "../../../../core/runtime/version.ts";

let said = "";
let exitCodeBefore: typeof process.exitCode;
const argvBefore = process.argv;

beforeEach(() => {
  said = "";
  exitCodeBefore = process.exitCode;
  for (const stream of [process.stderr, process.stdout]) {
    vi.spyOn(stream, "write").mockImplementation((text) => {
      said += String(text);
      return true;
    });
  }
});
afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = exitCodeBefore;
  process.argv = argvBefore;
});

async function run(...args: readonly string[]): Promise<number | string | null | undefined> {
  process.argv = ["node", "x", ...args];
  await runCommandLine(() => {
    const go = createCommand("go", "goes").option("--far <km>", "how far");
    go.action(({ far }) => exitWith(Number(far ?? 0)));
    return createProgram("test", "a program").addCommand(withExamples(go, [["test go --far 3", "goes far"]]));
  });
  return process.exitCode;
}

test("help ends with the examples, and is no error", async () => {
  expect(await run("go", "--help")).toBe(0);
  expect(said).toMatch(/Examples:\n {2}\$ test go --far 3\n {6}goes far\n$/);
});

test("the version is the package's", async () => {
  expect(await run("--version")).toBe(0);
  expect(said).toBe(`${packageVersion()}\n`);
});

test.each([
  [["go", "--fra"], /^error: unknown option '--fra'.*\(hint: see test --help\)\n$/],
  [["go", "--far"], /^error: option '--far <km>' argument missing.*\n$/],
  [["go", "more"], /^error: too many arguments.*\n$/],
  [["went"], /^error: unknown command 'went'.*\n$/],
])("%j is one line and exit code 2", async (args, line) => {
  expect(await run(...args)).toBe(2);
  expect(said).toMatch(line);
});

test("no command at all shows the help, and is wrong usage", async () => {
  expect(await run()).toBe(2);
  expect(said).toContain("Usage: test");
});

test("an action's own exit code, and none for done", async () => {
  expect(await run("go")).toBe(0);
  expect(await run("go", "--far", "3")).toBe(3);
});
