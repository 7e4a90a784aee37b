import { endsEarly } from "../../lines.ts";
import { parseFlatKeyed, parseNumber, parseNumbers, readAttribute } from "../values.ts";
import type { CpuUsage } from "../version-files.ts";

/*
 * cpuacct.usage 45865646000 (ns)   cpuacct.usage_percpu 26837460812 19028185188
 * cpuacct.stat:
 *   user 2851                      USER_HZ ticks
 *   system 2021
 *
 * Documentation/admin-guide/cgroup-v1/cpuacct.rst. usage_user and usage_sys (ns) since Linux 4.8.
 */

type Split = Pick<CpuUsage, "userSeconds" | "systemSeconds">;

const NANOSECONDS = 1e9;
/** What the kernel shows user space as "a tick" on every architecture Node runs on, whatever CONFIG_HZ is. */
const USER_HZ = 100;

export function readCpuUsage(directory: string): CpuUsage | undefined {
  const usage = readAttribute(directory, "cpuacct.usage", parseNumber);
  const split = readExactSplit(directory) ?? readAttribute(directory, "cpuacct.stat", parseCpuacctStat);
  return usage === undefined || split === undefined
    ? undefined
    : { usageSeconds: usage / NANOSECONDS, ...split };
}

export function readPerCpuSeconds(directory: string): readonly number[] | undefined {
  return readAttribute(directory, "cpuacct.usage_percpu", parseNumbers)?.map((ns) => ns / NANOSECONDS);
}

export function parseCpuacctStat(text: string, path: string): Split {
  const ticks = parseFlatKeyed(text, path);
  const seconds = (key: string): number => (ticks.get(key) ?? endsEarly(path, ticks.size + 1)) / USER_HZ;
  return { userSeconds: seconds("user"), systemSeconds: seconds("system") };
}

function readExactSplit(directory: string): Split | undefined {
  const user = readAttribute(directory, "cpuacct.usage_user", parseNumber);
  const system = readAttribute(directory, "cpuacct.usage_sys", parseNumber);
  return user === undefined || system === undefined
    ? undefined
    : { userSeconds: user / NANOSECONDS, systemSeconds: system / NANOSECONDS };
}
