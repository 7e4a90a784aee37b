import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { NotFoundError, PlimsollError, UsageError } from "../../../../core/runtime/errors.ts";
import { EXIT, Exit, runProgram } from "../../../../core/runtime/program.ts";

let said: string[] = [];
let exitCodeBefore: typeof process.exitCode;

beforeEach(() => {
  said = [];
  exitCodeBefore = process.exitCode;
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    said.push(String(text));
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = exitCodeBefore;
});

/** Signals of its own, so that the test runner's are left alone. */
const run = (body: (signal: AbortSignal) => Promise<number>): Promise<void> => runProgram(body, ["SIGUSR2"]);

test("the body's code is the program's", async () => {
  await run(async () => EXIT.nothing);

  expect(process.exitCode).toBe(3);
  expect(said).toEqual([]);
});

test.each([
  [new PlimsollError("X", "disk: full"), 1],
  [new UsageError("--x: unknown"), 2],
  [new NotFoundError("net a: not found"), 3],
  [Object.assign(new Error("EACCES: no"), { code: "EACCES" }), 1],
])("%s is one line and its code", async (error, code) => {
  await run(() => Promise.reject(error));

  expect(said).toEqual([`error: ${error.message}\n`]);
  expect(process.exitCode).toBe(code);
});

test("an exit that has said all is silent; a bug of ours shows where it is", async () => {
  await run(() => Promise.reject(new Exit(130)));
  expect([process.exitCode, said]).toEqual([130, []]);

  await run(() => Promise.reject(new TypeError("x is not a function")));
  expect(process.exitCode).toBe(1);
  expect(said.join("")).toContain("program.test.ts");
});

test("a signal aborts, and the body ends in its own time", async () => {
  await run(async (signal) => {
    const aborted = new Promise((resolve) => signal.addEventListener("abort", resolve));
    process.kill(process.pid, "SIGUSR2");
    await aborted;
    return signal.reason === "SIGUSR2" ? EXIT.done : EXIT.failed;
  });

  expect(process.exitCode).toBe(0);
});
