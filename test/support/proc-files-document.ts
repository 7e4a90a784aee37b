import type { FieldSource, ProcFile } from "../../lxcfs-shim/proc-files/types.ts";
import type { SysFile } from "../../lxcfs-shim/sys-files/types.ts";

const HEAD = `# Where each field comes from

What a process in a container reads in each file, on cgroup v1 and v2. "the host's" is passed on as it is; a hybrid host
is v1. The table is made from the objects that render the files: \`UPDATE_GOLDEN=1 npm test -- unit documentation\`
writes it, and a test compares it.

\`plimsoll-shim render --pid PID --explain\` says the same of one container: what of each file is its own, and why not the
rest.
`;

const TAIL = `
## Why it is so

- **Times are spread evenly over the CPUs.** cgroup v2 does not keep them by CPU, and where v1 does (cpuacct.usage_percpu)
  they are those of all CPUs the tasks ran on, more than a quota shows. One way for both, so that no figure jumps when a
  limit changes; what one thread does shows in its process, not in its CPU.
- **Times begin with the container**, not with its cgroup: what was used there before its first process, more than could have
  been since, is not shown. A container that is moved to another cgroup goes on from what it showed.
- **interrupts and context switches are the host's**, and count from its boot: the first line of \`vmstat\`, an average
  since the start, is far too high in its columns \`in\` and \`cs\`; every later one is right.
- **btime is the host's**, because the start times in /proc/PID/stat count from the boot of the machine: \`ps\` shows right
  start times, \`uptime -s\` the start of the container. \`ps\` computes the age of a process and its %CPU from the start time
  and the uptime: they are wrong (a huge ELAPSED, 0.0 %CPU) unless the container has a time namespace of its own
  (\`unshare --time --boottime\`). There all of it is right: start times, ages, uptime and btime count from its boot.
- **steal is 0**: what a quota withholds is no part of the capacity that is shown, so idle and used stay 100 % together. It
  is pressure/cpu's "full", and cpu.stat's throttled time, which the kernel adds up over CPUs and so may outrun the clock.
- **Disks of cgroup v1** are counted by BFQ where that is their scheduler, and by the throttling policy, on newer kernels only
  where a limit is set (blkio.throttle.\\*_device, any value): elsewhere the container has moved nothing and has no disk.
- **Pressure takes no triggers.** Who opens a file for writing is told so (EOPNOTSUPP, as by a kernel without pressure), and
  poll(2) returns at once. A trigger is waited for in the server, and a task that waits there keeps the machine from being
  suspended. A program that has its cgroup's own files (memory.pressure in /sys/fs/cgroup) can set triggers in those.
- **Swap of cgroup v1** is limited together with RAM; what is shown is what the limit of both leaves beside a full limit of
  RAM. \`--swap memsw\` shows both together, as LXCFS does.
- **Tasks are counted by cgroup**, the last pid is the newest process that has a number in the container's pid namespace: of a
  process that entered the cgroup alone the container never learns the host's number.
- **NUMA nodes keep the host's shape.** A cgroup's memory.numa_stat has pages by node, but no limit by node: where there are
  several, each shows no more than the limit allows in all, and the rest of its lines is the host's.
- **A 32-bit process on arm64** (personality(2), PER_LINUX32) reads the cpuinfo that the host has for such; elsewhere there is
  one for all.
- **MemAvailable** is free memory and the inactive page cache, so that \`free\`'s "used" is what \`docker stats\` shows.

## What no file can show

Who asks the kernel instead of a file gets the host's answer: sysinfo(2) (\`free\` and \`uptime\` of busybox, getloadavg(3) and
with it Python's os.getloadavg(), _SC_PHYS_PAGES and with it a JVM that was told to ignore its cgroup), and
sched_getaffinity(2) (\`nproc\`: the cpuset's CPUs, whatever the quota). And who reads other files: \`lsmem\`
(/sys/devices/system/memory), \`iostat\` for its devices (/sys/block/\\*/stat; \`vmstat -d\`, \`sar -d\` and psutil read
diskstats).
`;

const WITHOUT = {
  host: "the host's file",
  empty: "an empty file",
  zeros: "zeros",
  partial: "the host's figures in their place",
} as const;

const PARTS = {
  memory: "a memory cgroup of its own or above it",
  cpu: "a cgroup of its own that counts CPU time",
  load: "a cgroup of its own that has its processes",
  io: "a cgroup of its own that counts block I/O",
  pressure: "pressure of its cgroup",
} as const;

/** docs/proc-files.md. */
export function renderDocument(procFiles: readonly ProcFile[], sysFiles: readonly SysFile[]): string {
  return [
    HEAD,
    ...procFiles.map(renderFile),
    "## /sys/devices/system\n",
    "Everything in `cpu` and `node` is the host's, read only and without the directories of CPUs the container does not",
    "have, but for these:\n",
    "| file | says |\n|---|---|",
    ...sysFiles.map(({ path, describes }) => `| \`${path}\` | ${cell(describes)} |`),
    TAIL,
  ].join("\n");
}

function renderFile({ path, describes, fields, needs, without }: ProcFile): string {
  const [first] = needs;
  const needed = needs.map((part) => PARTS[part]).join(", and ");
  const fallback = first === undefined ? "" : `\nWithout ${needed}: ${WITHOUT[without ?? "host"]}.\n`;
  const rows = fields.map(
    (source) => `| ${cell(source.field)} | ${from(source, "v1")} | ${from(source, "v2")} |`,
  );
  return `## /proc/${path}

${describes[0]?.toUpperCase()}${describes.slice(1)}.
${fallback}
| field | cgroup v1 | cgroup v2 |
|---|---|---|
${rows.join("\n")}
`;
}

function from(source: FieldSource, version: "v1" | "v2"): string {
  return cell((typeof source.from === "string" ? source.from : source.from[version]) ?? "the host's");
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("*", "\\*");
}
