/*
 * {"report":[{"lv":[{"lv_name":"machine-6f1c…","lv_size":"335544320","lv_tags":"plimsoll","pool_lv":"","lv_metadata_size":"",
 *   "data_percent":"","metadata_percent":"","zero":""}]}]}
 *
 * lvs, vgs and pvs with --reportformat json --units b --nosuffix (lvmreport(7)): every value is a text, an empty one is absence.
 */
import { errnoOf, errorLine, PlimsollError } from "../../core/runtime/errors.ts";
import { type Exec, exec } from "../../core/runtime/exec.ts";

/** One command waits for the other's lock on the group. */
const TIMEOUT_MS = 120_000;
/** EINVALID_CMD_LINE, EINIT_FAILED, ECMD_FAILED (lvm2, tools/errors.h): told in the command's own words. */
const FAILURES = [3, 4, 5];

export interface LogicalVolume {
  readonly name: string;
  readonly bytes: number;
  readonly tags: readonly string[];
  /** The thin pool it is in. */
  readonly pool: string | undefined;
  /** Of a thin pool, or a volume in one, while it is active. */
  readonly dataPercent: number | undefined;
  readonly metadataPercent: number | undefined;
  readonly metadataBytes: number | undefined;
  /** A thin pool that clears blocks before it gives them out. */
  readonly zeroes: boolean;
}

export interface VolumeGroup {
  readonly name: string;
  readonly bytes: number;
  readonly freeBytes: number;
  /** The unit of every size in the group. */
  readonly extentBytes: number;
}

export interface PhysicalVolume {
  readonly device: string;
  /** Undefined when it is in none. */
  readonly group: string | undefined;
}

type Fields = Readonly<Record<string, string>>;

/** The only door to lvm2. */
export class Lvm {
  readonly #run: Exec;

  constructor(run: Exec = exec) {
    this.#run = run;
  }

  async volumes(group: string): Promise<readonly LogicalVolume[]> {
    return parseVolumes(await this.#report("lvs", VOLUME_FIELDS, group));
  }

  async groups(): Promise<readonly VolumeGroup[]> {
    return parseGroups(await this.#report("vgs", "vg_name,vg_size,vg_free,vg_extent_size"));
  }

  async physicalVolumes(): Promise<readonly PhysicalVolume[]> {
    return parsePhysicalVolumes(await this.#report("pvs", "pv_name,vg_name"));
  }

  /** Runs a command that changes something; it asks no question. */
  async change(command: string, ...args: readonly string[]): Promise<void> {
    await this.#call([command, "--yes", ...args]);
  }

  #report(command: string, fields: string, ...args: readonly string[]): Promise<string> {
    const format = ["--reportformat", "json", "--units", "b", "--nosuffix"];
    return this.#call([command, ...format, "--options", fields, ...args]);
  }

  async #call(argv: readonly string[]): Promise<string> {
    const options = {
      timeoutMs: TIMEOUT_MS,
      okCodes: [0, ...FAILURES],
      env: { LVM_SUPPRESS_FD_WARNINGS: "1" },
    };
    const { stdout, stderr, code } = await this.#run(argv, options).catch(explain);
    if (code === 0) return stdout;
    const reason = parseReason(stderr);
    const isGroup = /^Volume group \S+ not found/i.test(reason);
    throw new PlimsollError(
      "LVM",
      `${argv[0]}: ${reason}`,
      isGroup ? { hint: "plimsoll host init makes it" } : {},
    );
  }
}

function explain(cause: unknown): never {
  if (errnoOf(cause) !== "EXEC_MISSING") throw cause;
  throw new PlimsollError("LVM", errorLine(cause), { hint: "apt-get install lvm2" });
}

const VOLUME_FIELDS = "lv_name,lv_size,lv_tags,pool_lv,lv_metadata_size,data_percent,metadata_percent,zero";

export function parseVolumes(text: string): readonly LogicalVolume[] {
  return rowsOf(text, "lv").map((row) => ({
    name: textOf(row, "lv_name"),
    bytes: numberOf(row, "lv_size"),
    tags: textOf(row, "lv_tags").split(",").filter(Boolean),
    pool: textOf(row, "pool_lv") || undefined,
    dataPercent: optionalNumber(row, "data_percent"),
    metadataPercent: optionalNumber(row, "metadata_percent"),
    metadataBytes: optionalNumber(row, "lv_metadata_size"),
    zeroes: textOf(row, "zero") === "zero",
  }));
}

export function parseGroups(text: string): readonly VolumeGroup[] {
  return rowsOf(text, "vg").map((row) => ({
    name: textOf(row, "vg_name"),
    bytes: numberOf(row, "vg_size"),
    freeBytes: numberOf(row, "vg_free"),
    extentBytes: numberOf(row, "vg_extent_size"),
  }));
}

export function parsePhysicalVolumes(text: string): readonly PhysicalVolume[] {
  return rowsOf(text, "pv").map((row) => ({
    device: textOf(row, "pv_name"),
    group: textOf(row, "vg_name") || undefined,
  }));
}

/** The first line that is no warning says what went wrong; those after it, what was not done therefore. */
export function parseReason(stderr: string): string {
  const lines = stderr.split("\n").map((line) => line.trim());
  return lines.find((line) => line !== "" && !line.startsWith("WARNING:")) ?? "failed without a word";
}

function rowsOf(text: string, kind: string): readonly Fields[] {
  try {
    const rows = JSON.parse(text).report[0][kind];
    if (Array.isArray(rows)) return rows;
  } catch (cause) {
    throw new PlimsollError("LVM", "lvm: report is not JSON as expected", { cause });
  }
  throw new PlimsollError("LVM", `lvm: report has no list of ${kind}`);
}

function textOf(row: Fields, field: string): string {
  const value = row[field];
  if (typeof value === "string") return value;
  throw new PlimsollError("LVM", `lvm: report has no ${field}`);
}

function optionalNumber(row: Fields, field: string): number | undefined {
  return textOf(row, field) === "" ? undefined : numberOf(row, field);
}

function numberOf(row: Fields, field: string): number {
  const value = Number(textOf(row, field));
  if (Number.isFinite(value)) return value;
  throw new PlimsollError("LVM", `lvm: ${field} is not a number: ${textOf(row, field)}`);
}
