import { readdirSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseProcesses } from "../../../../core/kernel/cgroup/processes.ts";
import { parseThrottle } from "../../../../core/kernel/cgroup/v1/blkio.ts";
import { parseThrottling as parseThrottlingV1 } from "../../../../core/kernel/cgroup/v1/cpu.ts";
import { parseCpuacctStat } from "../../../../core/kernel/cgroup/v1/cpuacct.ts";
import { parseDetail as parseDetailV1 } from "../../../../core/kernel/cgroup/v1/memory.ts";
import { parseCpuMax, parseCpuUsage, parseThrottling } from "../../../../core/kernel/cgroup/v2/cpu.ts";
import { parseIoStat } from "../../../../core/kernel/cgroup/v2/io.ts";
import { parseDetail } from "../../../../core/kernel/cgroup/v2/memory.ts";
import { parseLimit, parseNumber } from "../../../../core/kernel/cgroup/values.ts";
import { parseCpuList } from "../../../../core/kernel/cpu-list.ts";
import { ParseError } from "../../../../core/kernel/parse-error.ts";
import { parseCpuinfo } from "../../../../core/kernel/proc/cpuinfo.ts";
import { parseDiskstats } from "../../../../core/kernel/proc/diskstats.ts";
import { parseFileNr } from "../../../../core/kernel/proc/file-nr.ts";
import { parseLoadavg } from "../../../../core/kernel/proc/loadavg.ts";
import { parseMeminfo } from "../../../../core/kernel/proc/meminfo.ts";
import { parseMountinfo } from "../../../../core/kernel/proc/mountinfo.ts";
import { parseNetArp } from "../../../../core/kernel/proc/net-arp.ts";
import { parseNetDev } from "../../../../core/kernel/proc/net-dev.ts";
import { parseNetSnmp } from "../../../../core/kernel/proc/net-snmp.ts";
import { parseNetSnmp6 } from "../../../../core/kernel/proc/net-snmp6.ts";
import { parseNetSockstat } from "../../../../core/kernel/proc/net-sockstat.ts";
import { parseNetSoftnetStat } from "../../../../core/kernel/proc/net-softnet-stat.ts";
import { parseNetTcp } from "../../../../core/kernel/proc/net-tcp.ts";
import { parseNfConntrackStat } from "../../../../core/kernel/proc/nf-conntrack-stat.ts";
import { parsePersonality } from "../../../../core/kernel/proc/personality.ts";
import { parsePidCgroup } from "../../../../core/kernel/proc/pid-cgroup.ts";
import { parsePidStat } from "../../../../core/kernel/proc/pid-stat.ts";
import { parsePidStatus } from "../../../../core/kernel/proc/pid-status.ts";
import { parsePressure } from "../../../../core/kernel/proc/pressure.ts";
import { parseSchedstat } from "../../../../core/kernel/proc/schedstat.ts";
import { parseStat } from "../../../../core/kernel/proc/stat.ts";
import { parseTimensOffsets } from "../../../../core/kernel/proc/timens-offsets.ts";
import { parseUptime } from "../../../../core/kernel/proc/uptime.ts";
import { parseVmstat } from "../../../../core/kernel/proc/vmstat.ts";
import { fixtureTexts } from "./hosts.ts";

type Parse = (text: string, path: string) => unknown;

/** Parser of core/kernel/proc/NAME.ts → the fixture files it is tried on. */
const PROC: Readonly<Record<string, readonly [parse: Parse, file: RegExp]>> = {
  "file-nr": [parseFileNr, /file-nr$/],
  "net-arp": [parseNetArp, /net\/arp$/],
  "net-snmp": [parseNetSnmp, /net\/(snmp|netstat)$/],
  "net-snmp6": [parseNetSnmp6, /net\/snmp6$/],
  "net-sockstat": [parseNetSockstat, /net\/sockstat6?$/],
  "net-softnet-stat": [parseNetSoftnetStat, /net\/softnet_stat$/],
  "net-tcp": [parseNetTcp, /net\/(tcp|udp)$/],
  "nf-conntrack-stat": [parseNfConntrackStat, /stat\/nf_conntrack$/],
  pressure: [parsePressure, /proc\/pressure\/\w+$/],
  schedstat: [parseSchedstat, /proc\/schedstat$/],
  vmstat: [parseVmstat, /proc\/vmstat$/],
  cpuinfo: [parseCpuinfo, /proc\/cpuinfo$/],
  diskstats: [parseDiskstats, /proc\/diskstats$/],
  loadavg: [parseLoadavg, /proc\/loadavg$/],
  meminfo: [parseMeminfo, /proc\/meminfo$/],
  mountinfo: [parseMountinfo, /self\/mountinfo$/],
  "net-dev": [parseNetDev, /net\/dev$/],
  personality: [parsePersonality, /personality$/],
  "pid-cgroup": [parsePidCgroup, /proc\/\d+\/cgroup$/],
  "pid-stat": [parsePidStat, /proc\/\d+\/stat$/],
  "pid-status": [parsePidStatus, /proc\/\d+\/status$/],
  "timens-offsets": [parseTimensOffsets, /timens_offsets$/],
  stat: [parseStat, /proc\/stat$/],
  uptime: [parseUptime, /proc\/uptime$/],
};

const CGROUP: readonly (readonly [parse: Parse, file: RegExp])[] = [
  [parseNumber, /memory\.current$/],
  [parseLimit, /memory\.max$/],
  [parseLimit, /cpu\.cfs_quota_us$/],
  [parseDetail, /v2-.*memory\.stat$/],
  [parseDetailV1, /v1-.*memory\.stat$/],
  [parseCpuMax, /cpu\.max$/],
  [parseCpuUsage, /v2-.*cpu\.stat$/],
  [parseThrottling, /v2-.*cpu\.stat$/],
  [parseThrottlingV1, /cgroup\/cpu\/.*cpu\.stat$/],
  [parseCpuacctStat, /cpuacct\.stat$/],
  [parseThrottle, /blkio\.throttle\.io_serviced_recursive$/],
  [parseIoStat, /io\.stat$/],
  [parseProcesses, /cgroup\.procs$/],
  [parseCpuList, /cpuset\.cpus\.effective$/],
];

/** Text of a fixture, damaged in one way. */
function damaged(texts: readonly string[]): fc.Arbitrary<string> {
  const place = fc.double({ min: 0, max: 1, noNaN: true });
  const junk = fc.constantFrom(
    "future_key 12\n",
    "Future:      3 kB\n",
    "-1\n",
    "\n",
    "max",
    ":",
    "9".repeat(400),
  );
  return fc.tuple(fc.constantFrom(...texts), place, place, junk).chain(([text, from, to, extra]) => {
    const [start, end] = [Math.floor(text.length * from), Math.floor(text.length * to)];
    const lineStart = text.lastIndexOf("\n", start - 1) + 1;
    return fc.constantFrom(
      text.slice(0, start),
      text.slice(0, lineStart),
      text.slice(0, lineStart) + extra + text.slice(lineStart),
      text.slice(0, start) + extra + text.slice(start),
      text.slice(0, Math.min(start, end)) + text.slice(Math.max(start, end)),
    );
  });
}

function numbersIn(value: unknown): readonly number[] {
  if (typeof value === "number") return [value];
  if (value instanceof Map) return [...value.values()].flatMap(numbersIn);
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(numbersIn) : [];
}

function expectSound(parse: Parse, text: string): void {
  let value: unknown;
  try {
    value = parse(text, "a/file");
  } catch (error) {
    expect(error).toBeInstanceOf(ParseError);
    return;
  }
  for (const number of numbersIn(value)) expect(number).not.toBeNaN();
}

describe("damaged kernel text parses or is a ParseError, never NaN and never another exception", () => {
  const tables = [...Object.values(PROC), ...CGROUP].map(
    ([parse, file]) => [parse.name, file, parse] as const,
  );

  it.each(tables)("%s of %s", (_, file, parse) => {
    const texts = fixtureTexts(file);
    expect(texts).not.toEqual([]);
    for (const text of texts) expect(() => parse(text, "a/file")).not.toThrow();
    fc.assert(
      fc.property(damaged(texts), (text) => {
        expectSound(parse, text);
      }),
      { numRuns: 300 },
    );
  });

  it("covers every parser in core/kernel/proc", () => {
    const files = readdirSync(new URL("../../../../core/kernel/proc", import.meta.url));
    expect(files.map((file) => file.replace(/\.ts$/, "")).sort()).toEqual(Object.keys(PROC).sort());
  });
});
