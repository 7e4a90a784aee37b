import { readFileSync } from "node:fs";
import { parseCpuset } from "../machines/cpus.ts";

export function onlineCpus(): readonly number[] {
  return parseCpuset(readFileSync("/sys/devices/system/cpu/online", "utf8"));
}
