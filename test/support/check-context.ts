import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Exec, type ExecResult, exec } from "../../core/runtime/exec.ts";
import type { CheckContext } from "../../provisioner/host/checks/finding.ts";
import { parseHostConfig } from "../../provisioner/host/config.ts";
import type { Cleanup } from "./cleanup.ts";

const ABSENT = { problem: "not there" };

/** What a check looks at: a host that has nothing, but for `changes`. */
export function checkContext(changes: Partial<CheckContext>): CheckContext {
  const status = { name: "h1", network: ABSENT, storage: ABSENT, docker: ABSENT, shim: ABSENT };
  return {
    config: parseHostConfig("h", { name: "h1" }),
    status,
    run: commands({}),
    root: "/nowhere",
    ...changes,
  };
}

/** Commands and what they print. Whatever is not named is not installed. */
export function commands(output: Readonly<Record<string, string | Partial<ExecResult>>>): Exec {
  return async ([command = ""]) => {
    const answer = output[command];
    if (answer === undefined) return exec([`plimsoll-nowhere-${command}`]);
    return { stdout: "", stderr: "", code: 0, ...(typeof answer === "string" ? { stdout: answer } : answer) };
  };
}

/** A folder with the kernel's files. */
export function kernelFiles(cleanup: Cleanup, files: Readonly<Record<string, string>>): string {
  const root = cleanup.temporaryFolder();
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}
