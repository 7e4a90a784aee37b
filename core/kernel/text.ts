import { closeSync, openSync, readSync } from "node:fs";

/**
 * Codes that mean "there is no such thing here": no file, no directory above it, the process or the
 * cgroup is gone (ESRCH from /proc, ENODEV from a removed cgroup), or the feature is switched off
 * (EOPNOTSUPP from PSI, which libuv calls ENOTSUP).
 */
const ABSENT: ReadonlySet<unknown> = new Set([
  "ENOENT",
  "ENOTDIR",
  "ESRCH",
  "ENODEV",
  "ENOTSUP",
  "EOPNOTSUPP",
]);

/** Reused by every call: larger than nearly all kernel files. */
const shared = Buffer.allocUnsafeSlow(64 * 1024);

/**
 * The whole text of a kernel file; undefined when it is absent. Never asks for the size first: the
 * kernel says 0. Other errors (EACCES …) are thrown.
 */
export function readKernelText(path: string): string | undefined {
  return readText(path, false);
}

/**
 * As `readKernelText`, with one read(2) less, for a file whose text the kernel makes in one piece
 * (seq_file `single_open`, every cgroup attribute but the lists of processes): there a read
 * that does not fill the buffer has reached the end. A file of many records (mountinfo, cpuinfo,
 * diskstats, cgroup.procs …) may answer short in the middle.
 */
export function readKernelAttribute(path: string): string | undefined {
  return readText(path, true);
}

function readText(path: string, onePiece: boolean): string | undefined {
  try {
    const fd = openSync(path, "r");
    try {
      return readToEnd(fd, onePiece);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if (error instanceof Error && "code" in error && ABSENT.has(error.code)) return undefined;
    throw error;
  }
}

function readToEnd(fd: number, onePiece: boolean): string {
  let buffer = shared;
  let length = 0;
  for (;;) {
    const count = readSync(fd, buffer, length, buffer.length - length, null);
    length += count;
    if (count === 0 || (onePiece && length < buffer.length)) return buffer.toString("utf8", 0, length);
    if (length === buffer.length) buffer = Buffer.concat([buffer], buffer.length * 2);
  }
}
