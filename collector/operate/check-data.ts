import { accessSync, constants, existsSync, readdirSync, statfsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import type { Finding } from "../../core/runtime/finding.ts";
import { DEFAULT_DATA, NO_DATA } from "../data.ts";
import type { ServeOptions } from "../serve-options.ts";

/** Magic numbers of statfs(2). */
const FILE_SYSTEMS: Readonly<Record<number, string>> = {
  26985: "nfs", // 0x6969
  4283649346: "cifs", // 0xff534d42
  4266872130: "smb2", // 0xfe534d42
  16914836: "tmpfs", // 0x01021994
  2240043254: "ramfs", // 0x858458f6
};
const REMOTE: ReadonlySet<string> = new Set(["nfs", "cifs", "smb2"]);
/** A segment of a queue, a transaction, what is written ahead of the store. */
const LEAST_FREE_BYTES = 256 * 2 ** 20;
const MIB = 2 ** 20;

/** Whether what is to be kept can be, and what there is of damage. */
export function checkData({ data, forwards }: Pick<ServeOptions, "data" | "forwards">): readonly Finding[] {
  if (data === NO_DATA)
    return [{ state: "note", what: "data: none: history and what waits for sinks end with the process" }];
  const directory = data ?? DEFAULT_DATA;
  const there = nearest(directory);
  if (!canBeWritten(there)) {
    const what = `data ${directory}: ${there} cannot be written`;
    const hint = "give it to the user the collector runs as, or name another with --data";
    return [{ state: data === undefined ? "note" : "wrong", what, hint }];
  }
  const queues = forwards.reduce((sum, { queueMiB }) => sum + queueMiB, 0) * MIB;
  return [
    checkSpace(directory, there, queues),
    ...checkFileSystem(directory, there),
    ...checkDamage(directory),
  ];
}

/** The folder, or the first above it that there is: that is where it would be made. */
function nearest(directory: string): string {
  return existsSync(directory) ? directory : nearest(dirname(directory));
}

function canBeWritten(directory: string): boolean {
  try {
    accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK);
    return statSync(directory).isDirectory();
  } catch {
    return false;
  }
}

function checkSpace(directory: string, there: string, queueBytes: number): Finding {
  const { bavail, bsize, ffree } = statfsSync(there);
  const free = bavail * bsize;
  const what = `data ${directory}: ${Math.floor(free / MIB)} MiB free`;
  if (free < LEAST_FREE_BYTES || ffree === 0)
    return {
      state: "wrong",
      what: ffree === 0 ? `${what}, and no inode` : what,
      hint: "make room, or keep less: --keep",
    };
  if (free >= queueBytes) return { state: "ok", what };
  return { state: "note", what, hint: `the queues of all sinks may take ${queueBytes / MIB} MiB` };
}

function checkFileSystem(directory: string, there: string): readonly Finding[] {
  const type = FILE_SYSTEMS[statfsSync(there).type];
  if (type === undefined) return [];
  const what = `data ${directory}: is on ${type}`;
  if (REMOTE.has(type))
    return [{ state: "wrong", what, hint: "locks and shared memory of the store need a local file system" }];
  return [{ state: "note", what: `${what}: it is gone after the next start of the host` }];
}

function checkDamage(directory: string): readonly Finding[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .filter((name) => /^history\.db\.damaged(-\d+)?$/.test(name))
    .map((name) => ({
      state: "note",
      what: `data ${directory}: ${name} was damaged and set aside`,
      hint: "look at the disk; remove it when nobody wants to repair it",
    }));
}
