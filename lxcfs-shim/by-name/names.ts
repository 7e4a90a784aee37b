import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CgroupPath } from "../../core/kernel/cgroup/reader.ts";
import { parsePidCgroup } from "../../core/kernel/proc/pid-cgroup.ts";
import { errnoOf, PlimsollError, UsageError } from "../../core/runtime/errors.ts";

/** Not under /run: what is bound by a name has to be there when the engine starts its containers after a boot. */
export const NAMES_DIRECTORY = "/var/lib/plimsoll/names";

/**
 * The names that containers go by below the containers' mount. Each is a file of that name, with the cgroup in which the
 * container runs, or will, as /proc/PID/cgroup has it: a cgroup keeps its path when its container is started again.
 */
export interface Names {
  has(name: string): boolean;
  list(): readonly string[];
  /** Undefined for a name that is not registered. */
  cgroupOf(name: string): CgroupPath | undefined;
  /** `text`: lines of proc_pid_cgroup(5). Whoever reads meanwhile gets the old ones or these. */
  register(name: string, text: string): void;
  /** False where there was none. */
  remove(name: string): boolean;
}

/** No slash and no leading dot: nothing outside the directory can be named, nor what `register` is just writing. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/;

export function openNames(directory: string = NAMES_DIRECTORY): Names {
  function read(name: string): string | undefined {
    if (!NAME.test(name)) return undefined;
    return whereThere(() => readFileSync(join(directory, name), "utf8"));
  }

  function cgroupOf(name: string): CgroupPath | undefined {
    const text = read(name);
    return text === undefined ? undefined : parsePidCgroup(text, join(directory, name));
  }

  function list(): readonly string[] {
    return namesIn(directory)
      .filter((name) => NAME.test(name))
      .sort();
  }

  function register(name: string, text: string): void {
    if (!NAME.test(name)) {
      throw new UsageError(`${JSON.stringify(name)} is not a name`, {
        hint: "letters, digits, _, . and -, the first a letter or digit, 128 at most",
      });
    }
    const unfinished = join(directory, `.${name}.${process.pid}`);
    try {
      mkdirSync(directory, { recursive: true });
      writeFileSync(unfinished, text);
      renameSync(unfinished, join(directory, name));
    } catch (cause) {
      tryRemove(unfinished);
      throw new PlimsollError("NAMES", `name ${name} cannot be registered in ${directory}`, { cause });
    }
  }

  function remove(name: string): boolean {
    if (read(name) === undefined) return false;
    rmSync(join(directory, name), { force: true });
    return true;
  }

  return { has: (name) => read(name) !== undefined, list, cgroupOf, register, remove };
}

function namesIn(directory: string): readonly string[] {
  try {
    return whereThere(() => readdirSync(directory)) ?? [];
  } catch (cause) {
    throw new PlimsollError("NAMES", `the names in ${directory} cannot be read`, { cause });
  }
}

function tryRemove(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // where it could not be made it is not
  }
}

function whereThere<T>(access: () => T): T | undefined {
  try {
    return access();
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw error;
  }
}
