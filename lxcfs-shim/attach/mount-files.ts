import { join } from "node:path";
import type { Mount } from "../../core/kernel/proc/mountinfo.ts";
import { errorLine, NotFoundError, PlimsollError } from "../../core/runtime/errors.ts";
import { type Exec, exec } from "../../core/runtime/exec.ts";
import { packageDirectory } from "../../core/runtime/version.ts";
import { FILE_SYSTEM_TYPE } from "../mount.ts";
import type { ContainerProcess } from "./container-process.ts";

/** What became of a file: the words of bin/plimsoll-mounts, which says what each means. */
export type Outcome = (typeof OUTCOMES)[number];

const OUTCOMES = ["placed", "replaced", "kept", "covered", "absent", "taken", "failed"] as const;

/** One file of a container; `why` of what failed. */
export interface MountedFile {
  readonly path: string;
  readonly outcome: Outcome;
  readonly why?: string;
}

/** More than it gives itself. */
const TIMEOUT_MS = 10_000;
/** It could do its work, but not for every file. */
const SOME_FAILED = 2;

/** Puts every file of the shim on `mountPoint` into the container; `plan` only says what would be done. */
export function placeFiles(
  container: ContainerProcess,
  mountPoint: string,
  action: "place" | "plan",
  run: Exec = exec,
): Promise<readonly MountedFile[]> {
  return runMounts(container, [action, mountPoint], run);
}

/** Takes away what `placeFiles` has put there, dead or served: what was below shows again. */
export async function takeFiles(
  container: ContainerProcess,
  run: Exec = exec,
): Promise<readonly MountedFile[]> {
  const paths = placedFiles(container.mounts);
  return paths.length === 0 ? [] : runMounts(container, ["take", ...paths], run);
}

/**
 * Where `placeFiles` has mounted, uppermost first; known by noatime, which a bind of whoever made the container does not have.
 * One that something else has been mounted over stays.
 */
export function placedFiles(mounts: readonly Mount[]): readonly string[] {
  const left = mounts.filter((mount) => !isPlaced(mount));
  const covered = new Set(left.map(({ parentId }) => parentId));
  return mounts
    .filter((mount) => isPlaced(mount) && !covered.has(mount.id))
    .map(({ mountPoint }) => mountPoint)
    .reverse();
}

function isPlaced({ type, options }: Mount): boolean {
  return type === FILE_SYSTEM_TYPE && options.includes("noatime");
}

async function runMounts(
  { pid, descriptor }: ContainerProcess,
  args: readonly string[],
  run: Exec,
): Promise<readonly MountedFile[]> {
  const options = { descriptors: [descriptor], okCodes: [0, SOME_FAILED], timeoutMs: TIMEOUT_MS };
  const program = join(packageDirectory(), "bin/plimsoll-mounts");
  try {
    const { stdout } = await run(["perl", program, ...args], { ...options, title: "plimsoll-mounts" });
    return stdout.trimEnd().split("\n").map(parseLine);
  } catch (cause) {
    throw translate(errorLine(cause), pid);
  }
}

function translate(line: string, pid: number): PlimsollError {
  if (/: process: No such/.test(line)) return new NotFoundError(`process ${pid}: it has ended`);
  const why = `container of process ${pid}: ${line}`;
  if (line.includes("command not found"))
    return new PlimsollError("ATTACH", why, { hint: "install perl-base" });
  if (!line.endsWith("SIGALRM")) return new PlimsollError("ATTACH", why);
  return new PlimsollError("ATTACH", why, { hint: "a mount there, or the shim, does not answer" });
}

/** `failed /proc/stat: Permission denied` */
function parseLine(line: string): MountedFile {
  const [, word = "", path = "", why] = /^(\w+) (\/[^:]*)(?:: (.*))?$/.exec(line) ?? [];
  const outcome = OUTCOMES.find((known) => known === word);
  if (outcome === undefined)
    throw new PlimsollError("ATTACH", `plimsoll-mounts says ${JSON.stringify(line)}`);
  return { path, outcome, ...(why !== undefined && { why }) };
}
