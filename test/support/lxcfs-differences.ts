/** How LXCFS and ours may differ in one field. */
export interface Difference {
  readonly file: string;
  readonly field: RegExp;
  /** The field in words, for the document. */
  readonly name: string;
  /** Whose figure is wrong, or that both have a case for theirs. */
  readonly verdict: "theirs is wrong" | "a choice";
  readonly why: string;
}

const CPU = "sys/devices/system/cpu";

/** Everything that may differ, and why. LXCFS 5.0.3 with -l --enable-cfs --enable-pidfd, cgroup v1. */
export const DIFFERENCES: readonly Difference[] = [
  differs(
    "cpuinfo",
    /^siblings|cpu cores$/,
    "siblings, cpu cores",
    "theirs counts CPUs the container does not have",
  ),
  differs(
    "cpuinfo",
    /^processor$/,
    "processor",
    "theirs numbers them from 0 where a cpuset does not begin there, and ignores a quota where the cpu and the cpuset cgroup have not one path: then a number is not one that taskset takes",
  ),
  differs(
    "diskstats",
    /./,
    "every line",
    "theirs is the host's file: it asks for files that went with CFQ (Linux 5.0)",
  ),
  chosen(
    "loadavg",
    /^averages$/,
    "averages",
    "theirs begin at 0.00 at the first read; ours as if the tasks had run since the container's start",
  ),
  differs(
    "loadavg",
    /^tasks$/,
    "running/threads",
    "theirs is from its last scan, up to five seconds ago: 0/1 while the reader itself runs",
  ),
  differs("loadavg", /^last pid$/, "last pid", "theirs is a thread id in the host's numbering"),
  differs(
    "meminfo",
    /^MemAvailable$/,
    "MemAvailable",
    "theirs adds the whole page cache, shared memory included, and knows no ancestor's limit",
  ),
  chosen(
    "meminfo",
    /^(?:MemFree|Active|Inactive|Cached|.*\((?:anon|file)\))$/,
    "MemFree, Cached, Active, Inactive",
    "two reads a moment apart",
  ),
  differs(
    "meminfo",
    /^AnonPages$/,
    "AnonPages",
    "theirs is computed (active + inactive − shmem) and wraps with locked shared memory; ours is total_rss",
  ),
  differs("meminfo", /^AnonHugePages$/, "AnonHugePages", "theirs is always 0"),
  differs(
    "meminfo",
    /^(?:KReclaimable|FileHugePages|FilePmdMapped)$/,
    "KReclaimable, FileHugePages, FilePmdMapped",
    "theirs is the host's beside the container's Slab and Cached",
  ),
  chosen(
    "meminfo",
    /^Swap(?:Total|Free)$/,
    "SwapTotal, SwapFree",
    "cgroup v1 limits RAM + swap: theirs shows that sum, ours what is left of it beside the RAM limit; with --swap memsw ours shows theirs",
  ),
  differs(
    "slabinfo",
    /./,
    "every cache",
    "theirs is the host's file: the cgroup's has been empty since Linux 5.9",
  ),
  differs(
    "stat",
    /^cpu\d*$/,
    "cpu, cpuN",
    "theirs begins at 0 with the first read, goes back to 0 when it is restarted, and two readers disturb each other; ours begins with the container",
  ),
  differs(
    "stat",
    /^(?:processes|procs_running|procs_blocked)$/,
    "processes, procs_running, procs_blocked",
    "theirs are the host's",
  ),
  chosen("swaps", /^head$/, "head line", "ours has the kernel's tabs"),
  differs(
    "uptime",
    /^idle$/,
    "idle",
    "theirs is uptime − usage whatever the number of CPUs; ours is the sum of stat's idle, as in the kernel",
  ),
  differs(CPU, /^(?:present|offline|cpuN)$/, "present, offline, cpuN directories", "theirs are the host's"),
  differs(
    CPU,
    /^online$/,
    "online",
    "theirs ignores a quota where the cpu and the cpuset cgroup have not one path",
  ),
  chosen(
    "attributes",
    /^size$/,
    "size of a file",
    "theirs is the length of the host's file; ours is whole pages, as sysfs' attributes have, and more than the text: of an empty file sendfile(2) copies nothing",
  ),
  chosen(
    "attributes",
    /^page cache$/,
    "sendfile(2), splice(2), mmap(2)",
    "theirs takes part, and one container's page may be the next one's; ours answers EINVAL, upon which cp, cat and shutil read(2), and memory that is mapped is SIGBUS at the first touch (`rg --no-mmap`), where the kernel's own files refuse to be mapped",
  ),
];

function differs(file: string, field: RegExp, name: string, why: string): Difference {
  return { file, field, name, verdict: "theirs is wrong", why };
}

function chosen(file: string, field: RegExp, name: string, why: string): Difference {
  return { file, field, name, verdict: "a choice", why };
}

export function explain(file: string, field: string): Difference | undefined {
  return DIFFERENCES.find((each) => each.file === file && each.field.test(field));
}

/** docs/lxcfs-differences.md up to the figures of one run. */
export function renderDifferences(): string {
  const rows = DIFFERENCES.map(
    ({ file, name, verdict, why }) => `| ${file} | ${name} | ${verdict} | ${why} |`,
  );
  return `# Where LXCFS and plimsoll-shim differ

Both over the same cgroup, read by the same process in the same moment. Whatever differs in
\`npm test -- e2e shim-lxcfs\` and is not in this table fails the test. LXCFS is Debian's 5.0.3 on cgroup v1 with
\`-l --enable-cfs --enable-pidfd\`; what is not named reads the same in both. Only ours has pressure, vmstat, zoneinfo,
partitions, /sys/devices/system/node and the topology of the CPUs that are left.

| file | field | verdict | why |
|---|---|---|---|
${rows.join("\n")}
`;
}

/** A line of a file as name and value; several of one name are one field. */
const SPLIT: Readonly<Record<string, (line: string, index: number) => [string, string]>> = {
  swaps: (line, index) => [index === 0 ? "head" : "area", line],
  diskstats: (line) => [line.trim().split(/ +/)[2] ?? "", line],
  slabinfo: (line) => [line.split(/[ :]/)[0] ?? "", line.replaceAll(/\d+/g, "")],
};

/** The fields of the files that are one line. */
const ONE_LINE: Readonly<Record<string, Readonly<Record<string, RegExp>>>> = {
  uptime: { uptime: /^\S+/, idle: /\S+$/ },
  loadavg: { averages: /^\S+ \S+ \S+/, tasks: /\S+\/\S+/, "last pid": /\S+$/ },
};

/** A file's fields by name. */
export function fieldsOf(file: string, text: string): ReadonlyMap<string, string> {
  const oneLine = ONE_LINE[file];
  if (oneLine !== undefined) {
    return new Map(Object.entries(oneLine).map(([name, part]) => [name, part.exec(text.trim())?.[0] ?? ""]));
  }
  const fields = new Map<string, string>();
  for (const [index, line] of text.split("\n").entries()) {
    const [name, value] = (SPLIT[file] ?? splitLine)(line, index);
    if (line !== "") fields.set(name, `${fields.get(name) ?? ""}${value} `);
  }
  return fields;
}

function splitLine(line: string): [string, string] {
  const [, name = "", value = ""] = /^([^:]+?)\s*:\s*(.*)$/.exec(line) ?? /^(\S+) +(.*)$/.exec(line) ?? [];
  return [name, value];
}

/** The fields that say something else: numbers by more than one in fifty and by more than two thousand, or they come and go. */
export function differingFields(file: string, theirs: string, ours: string): readonly string[] {
  const [a, b] = [fieldsOf(file, theirs), fieldsOf(file, ours)];
  return [...new Set([...a.keys(), ...b.keys()])].filter((name) => !isClose(a.get(name), b.get(name), file));
}

function isClose(a: string | undefined, b: string | undefined, file: string): boolean {
  if (a === b) return true;
  const [x, y] = [a, b].map((text) => (text ?? "").match(/\d+(\.\d+)?/g)?.map(Number) ?? []);
  if (a === undefined || b === undefined || x?.length !== y?.length) return false;
  // KiB, interrupts and switches move between two reads; what are few things do not.
  const slack = file === "meminfo" ? 2048 : file === "uptime" ? 0.05 : 0;
  return (x ?? []).every(
    (value, index) => Math.abs(value - (y?.[index] ?? 0)) <= Math.max(slack, value / 50),
  );
}
