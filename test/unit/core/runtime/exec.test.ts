import { closeSync, openSync } from "node:fs";
import { expect, test } from "vitest";
import { exec, startProcess } from "../../../../core/runtime/exec.ts";

test("gives both streams and the code; arguments reach the program untouched", async () => {
  const result = await exec(["sh", "-c", 'printf "%s|" "$@"; echo warn >&2', "sh", "a b", "$HOME", "*"]);

  expect(result).toEqual({ stdout: "a b|$HOME|*|", stderr: "warn\n", code: 0 });
});

test("feeds standard input, and survives a program that does not read it", async () => {
  expect((await exec(["cat"], { input: "hello" })).stdout).toBe("hello");
  expect((await exec(["true"], { input: "x".repeat(1 << 20) })).code).toBe(0);
});

test("open files are handed down from 3 on", async () => {
  const descriptor = openSync(import.meta.filename, "r");
  try {
    const { stdout } = await exec(["sh", "-c", "head -n 1 <&3"], { descriptors: [descriptor] });

    expect(stdout).toBe('import { closeSync, openSync } from "node:fs";\n');
  } finally {
    closeSync(descriptor);
  }
});

test("output can be parsed: the locale is C, the environment is ours and more", async () => {
  const { stdout } = await exec(["sh", "-c", 'echo "$LC_ALL $EXTRA"'], { env: { EXTRA: "1" } });

  expect(stdout).toBe("C 1\n");
});

test("a failure is the command and its own last words", async () => {
  const failing = ["sh", "-c", "echo first >&2; echo last >&2; exit 3"];

  await expect(exec(failing)).rejects.toThrow(/: last$/);
  await expect(exec(failing, { title: "mount" })).rejects.toThrow(/^mount: last$/);
  await expect(exec(["sh", "-c", "exit 3"], { title: "x" })).rejects.toThrow(/^x: exit code 3$/);
  expect((await exec(failing, { okCodes: [0, 3] })).code).toBe(3);
});

test("a command that is not there, one that is killed, one that takes too long", async () => {
  await expect(exec(["plimsoll-no-such-command"])).rejects.toMatchObject({
    code: "EXEC_MISSING",
    message: "plimsoll-no-such-command: command not found",
  });
  await expect(exec(["sh", "-c", "kill -TERM $$"], { title: "x" })).rejects.toThrow(/^x: SIGTERM$/);
  await expect(exec(["sleep", "60"], { timeoutMs: 50, title: "x" })).rejects.toThrow(/^x: timed out$/);
  for (const signal of [AbortSignal.abort(), AbortSignal.timeout(50)])
    await expect(exec(["sleep", "60"], { signal, title: "x" })).rejects.toThrow(/^x: SIGKILL$/);
});

test("a started process is the caller's to end", async () => {
  const child = startProcess(["sleep", "60"], { stdio: "ignore", cwd: "/", detached: true });
  const ended = new Promise((resolve) => child.once("exit", (_, signal) => resolve(signal)));

  child.kill("SIGTERM");

  expect(await ended).toBe("SIGTERM");
});
