import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { runPlugin } from "../../../agent/plugin.ts";
import { Cleanup } from "../../support/cleanup.ts";
import { waitFor } from "../../support/wait-for.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const LIMITS = { timeoutMs: 10_000, maxBytes: 1000 };
const run = (script: string, limits = LIMITS) => runPlugin(["sh", "-c", script], limits);

test("what it prints", async () => {
  expect(await run("echo a 1; echo aside >&2")).toBe("a 1\n");
});

test.each([
  ["echo no data >&2; exit 3", "sh: no data"],
  ["exit 3", "sh: ended with 3"],
  ["kill -9 $$", "sh: ended with SIGKILL"],
  ["yes | head -c 2000", "sh: prints more than 1000 bytes"],
])("%s: %s", async (script, message) => {
  await expect(run(script)).rejects.toThrow(message);
});

test("a program that is not there", async () => {
  await expect(runPlugin(["/no/such/program"], LIMITS)).rejects.toThrow("/no/such/program: ENOENT");
});

test("past its time it is killed with all it has started, and not waited for", async () => {
  const mark = join(cleanup.temporaryFolder(), "mark");
  const script = `(trap "" TERM; sleep 2; touch ${mark}) & sleep 100`;
  await expect(run(script, { ...LIMITS, timeoutMs: 200 })).rejects.toThrow("sh: no end within 200 ms");

  await new Promise((resolve) => setTimeout(resolve, 2500));
  expect(existsSync(mark)).toBe(false);
});

test("what it leaves behind in the background does not outlive its page", async () => {
  const pidFile = join(cleanup.temporaryFolder(), "pid");
  await run(`sleep 100 >/dev/null 2>&1 & echo $! > ${pidFile}; echo a 1`);
  const { readFileSync } = await import("node:fs");
  const pid = readFileSync(pidFile, "utf8").trim();

  await waitFor("the end of the sleep", () => !existsSync(`/proc/${pid}/fd`) || isZombie(pid));
});

function isZombie(pid: string): boolean {
  return !existsSync(`/proc/${pid}/exe`);
}
