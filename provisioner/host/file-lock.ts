/*
 * 4711 plimsoll serve
 *
 * What a lock's file says: whose it is, or was last. The lock itself is the kernel's (flock(2)), on the open
 * file: it ends with the process that opened it, whatever ends that.
 */
import { closeSync, ftruncateSync, mkdirSync, openSync, readFileSync, writeSync } from "node:fs";
import { basename, dirname } from "node:path";
import { PlimsollError } from "../../core/runtime/errors.ts";
import { exec } from "../../core/runtime/exec.ts";

/** flock(1) when somebody else has it. */
const TAKEN = 1;

/** Undefined when another process has it. Returns the release. */
export async function tryFileLock(path: string): Promise<(() => void) | undefined> {
  const file = openLock(path);
  try {
    // flock(1) locks the open file that it shares with us, and ends: from then on it is ours alone.
    const { code } = await exec(["flock", "--nonblock", "3"], { descriptors: [file], okCodes: [0, TAKEN] });
    if (code === TAKEN) {
      closeSync(file);
      return undefined;
    }
    ftruncateSync(file);
    writeSync(file, `${process.pid} ${programName()}\n`, 0);
    return () => closeSync(file);
  } catch (cause) {
    closeSync(file);
    throw new PlimsollError("LOCKED", `lock ${path}: cannot be taken`, { cause });
  }
}

/** `process 4711 (plimsoll serve)`: who has a lock that could not be had. */
export function readLockOwner(path: string): string {
  const [pid = "", ...name] = readFileSync(path, "utf8").trim().split(" ");
  return pid === "" ? "a process that has just begun" : `process ${pid} (${name.join(" ")})`;
}

/** Only root may open it: whoever could, could lock it as well. */
function openLock(path: string): number {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    return openSync(path, "a+", 0o600);
  } catch (cause) {
    throw new PlimsollError("LOCKED", `lock ${path}: cannot be opened`, { cause });
  }
}

/** The command and its noun and verb, without what may be secret. */
function programName(): string {
  const [, script = "", ...words] = process.argv;
  const first = words.findIndex((word) => !/^[a-z]+$/.test(word));
  const program = basename(script) === "main.js" ? "plimsoll" : basename(script);
  return [program, ...words.slice(0, first === -1 ? 2 : Math.min(first, 2))].join(" ");
}
