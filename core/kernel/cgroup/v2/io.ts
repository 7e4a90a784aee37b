import { type Line, malformed, parseFields, parseLines, parseUnsigned } from "../../lines.ts";
import type { IoDeviceStats } from "../stats.ts";
import { readAttribute } from "../values.ts";

/*
 * 8:16 rbytes=1459200 wbytes=314773504 rios=192 wios=353 dbytes=0 dios=0
 *
 * Documentation/admin-guide/cgroup-v2.rst, "IO Interface Files". Counts the whole subtree.
 */

/** Some kernels print the number of a device that has nothing to say without ending the line: `7:0 7:1 8:16 rbytes=…`. */
const LINE = /^(?:\d+:\d+ )*(\d+):(\d+) (.*)$/;

export function readIo(directory: string): readonly IoDeviceStats[] | undefined {
  return readAttribute(directory, "io.stat", parseIoStat);
}

export function parseIoStat(text: string, path: string): readonly IoDeviceStats[] {
  return parseLines(text, path).map(parseDevice);
}

function parseDevice(line: Line): IoDeviceStats {
  const [, major, minor, pairs = ""] = LINE.exec(line.text) ?? malformed(line);
  // Other keys (cost.usage …) belong to policies that may be switched on.
  const values = new Map<string, string>();
  for (const pair of parseFields(pairs)) {
    const [key = "", value = ""] = pair.split("=");
    values.set(key, value);
  }
  const at = (key: string): number => (values.has(key) ? parseUnsigned(values.get(key), line) : 0);
  return {
    major: parseUnsigned(major, line),
    minor: parseUnsigned(minor, line),
    readBytes: at("rbytes"),
    writeBytes: at("wbytes"),
    discardBytes: at("dbytes"),
    reads: at("rios"),
    writes: at("wios"),
    discards: at("dios"),
  };
}
