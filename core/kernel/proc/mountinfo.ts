import type { HostRoot } from "../host-root.ts";
import { type Line, malformed, parseLines, parseUnsigned } from "../lines.ts";
import { readKernelText } from "../text.ts";

/*
 * 36 35 98:0 /mnt1 /mnt/parent\040dir rw,noatime master:1 - ext3 /dev/root rw,errors=continue
 *
 * Documentation/filesystems/proc.rst, "/proc/<pid>/mountinfo".
 */

export interface Mount {
  readonly id: number;
  readonly parentId: number;
  /** `major:minor` */
  readonly device: string;
  /** What of the file system is mounted: `/` is all of it. */
  readonly root: string;
  /** Relative to the reader's root directory. */
  readonly mountPoint: string;
  readonly options: readonly string[];
  /** `shared:N`, `master:N` … */
  readonly propagation: readonly string[];
  readonly type: string;
  readonly source: string;
  readonly superOptions: readonly string[];
}

/** In the order in which they were mounted: a later one on the same point hides an earlier one. */
export function parseMountinfo(text: string, path = "mountinfo"): readonly Mount[] {
  return parseLines(text, path).map(parseMount);
}

export function readMountinfo(root: HostRoot, pid: number | "self" = "self"): readonly Mount[] | undefined {
  const path = root.proc(`${pid}/mountinfo`);
  const text = readKernelText(path);
  return text === undefined ? undefined : parseMountinfo(text, path);
}

function parseMount(line: Line): Mount {
  // Fields are apart by exactly one blank: an empty source is an empty field.
  const fields = line.text.split(" ");
  const separator = fields.indexOf("-", 6);
  const at = (index: number): string => unescapeOctal(fields[index] ?? malformed(line));
  if (separator === -1) malformed(line);
  return {
    id: parseUnsigned(fields[0], line),
    parentId: parseUnsigned(fields[1], line),
    device: at(2),
    root: at(3),
    mountPoint: at(4),
    options: at(5).split(","),
    propagation: fields.slice(6, separator),
    type: at(separator + 1),
    source: at(separator + 2),
    superOptions: at(separator + 3).split(","),
  };
}

/** Blank, tab, newline, backslash (and # in a source) come as `\040`. */
function unescapeOctal(text: string): string {
  if (!text.includes("\\")) return text;
  return text.replaceAll(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
