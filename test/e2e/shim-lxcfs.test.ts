import { mkdirSync, writeFileSync } from "node:fs";
import { release } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Cleanup } from "../support/cleanup.ts";
import {
  type Condition,
  canServeContainers,
  cgroupVersion,
  describeIf,
  hasCommand,
} from "../support/host.ts";
import { differingFields, explain, fieldsOf, renderDifferences } from "../support/lxcfs-differences.ts";
import { programArgv, startProgram } from "../support/run-program.ts";
import {
  makeCgroup,
  startViewContainer,
  type TestCgroup,
  type ViewContainer,
} from "../support/view-container.ts";
import { waitFor } from "../support/wait-for.ts";

const MIB = 2 ** 20;
const DOCUMENT = join(import.meta.dirname, "../../docs/lxcfs-differences.md");

const FILES = ["cpuinfo", "diskstats", "loadavg", "meminfo", "slabinfo", "stat", "swaps", "uptime"] as const;
const CPU = "sys/devices/system/cpu";

const isV1: Condition = { reason: "LXCFS 5 is compared on cgroup v1", met: () => cgroupVersion === 1 };

interface Row {
  readonly file: string;
  readonly field: string;
  readonly theirs: string;
  readonly ours: string;
}

/** The peer and ours over one cgroup of 300 MiB and one CPU in which one task is busy. */
describeIf(
  ...canServeContainers,
  isV1,
  hasCommand("lxcfs"),
  hasCommand("python3"),
  hasCommand("stress-ng"),
)("LXCFS beside ours", () => {
  const cleanup = new Cleanup();
  const mounts = { theirs: "", ours: "" };
  let cgroup: TestCgroup;
  let container: ViewContainer;
  afterAll(() => cleanup.run());

  beforeAll(async () => {
    const folder = cleanup.temporaryFolder();
    mounts.ours = join(folder, "shim");
    mounts.theirs = join(folder, "lxcfs");
    mkdirSync(mounts.theirs);
    const shim = startProgram(cleanup, programArgv("plimsoll-shim", "serve", "--mount", mounts.ours));
    cleanup.add("shim", async () => expect(await shim.stop()).toBe(0));
    const flags = ["-f", "-l", "--enable-cfs", "--enable-pidfd", "-p", join(folder, "lxcfs.pid")];
    const peer = startProgram(cleanup, ["lxcfs", ...flags, mounts.theirs]);
    cleanup.add("lxcfs", async () => void (await peer.stop()));
    await shim.waitForLine(/"msg":"ready"/);
    await peer.waitForLine(/api_extensions/);
    cgroup = makeCgroup(cleanup, `plimsoll-lxcfs-${process.pid}`);
    cgroup.setMemoryLimit(300 * MIB);
    cgroup.setQuota(1);
    container = await startViewContainer(cleanup, cgroup, mounts.ours);
    await waitFor("LXCFS' mount", () => (read("theirs", "proc/uptime") === "" ? undefined : true));
    container.start(
      "stress-ng",
      "--quiet",
      "--cpu",
      "1",
      "--vm",
      "1",
      "--vm-bytes",
      "64M",
      "--timeout",
      "60",
    );
    await waitFor("the load", () => cgroup.cpuSeconds() > 0.5);
    // Their counters begin with the first read.
    for (const file of FILES) read("theirs", `proc/${file}`);
    await waitFor("a second of it", () => cgroup.cpuSeconds() > 1.5);
  });

  function read(whose: keyof typeof mounts, path: string): string {
    return container.run("cat", `${mounts[whose]}/${path}`);
  }

  function procRows(): readonly Row[] {
    return FILES.flatMap((file) => {
      const [theirs, ours] = [read("theirs", `proc/${file}`), read("ours", `proc/${file}`)];
      return differingFields(file, theirs, ours).map((field) => {
        const [a = "–", b = "–"] = [theirs, ours].map((text) => fieldsOf(file, text).get(field)?.trim());
        return { file, field, theirs: a, ours: b };
      });
    });
  }

  function sysRows(): readonly Row[] {
    const directories = (whose: keyof typeof mounts): string =>
      container.run("sh", "-c", `cd ${mounts[whose]}/${CPU} && echo cpu[0-9]*`).trim();
    const files = ["online", "present", "possible", "offline"].map((field) => ({
      file: CPU,
      field,
      theirs: read("theirs", `${CPU}/${field}`).trim(),
      ours: read("ours", `${CPU}/${field}`).trim(),
    }));
    const cpus = { file: CPU, field: "cpuN", theirs: directories("theirs"), ours: directories("ours") };
    return [...files, cpus].filter(({ theirs, ours }) => theirs !== ours);
  }

  test("every difference is explained", () => {
    const rows = [...procRows(), ...sysRows()];
    if (process.env.UPDATE_GOLDEN === "1") writeFileSync(DOCUMENT, renderDifferences() + renderRun(rows));

    expect(rows.filter(({ file, field }) => explain(file, field) === undefined)).toEqual([]);
    // The comparison sees something at all.
    expect(rows.some(({ file }) => file === "slabinfo")).toBe(true);
  });

  test("a file has whole pages in ours, the length of the host's file in theirs", () => {
    const size = (whose: keyof typeof mounts): string =>
      container.run("stat", "-c", "%s", `${mounts[whose]}/proc/meminfo`);

    expect(size("ours")).toBe("4096\n");
    expect(Number(size("theirs"))).toBeGreaterThan(1000);
  });

  test("a file is read in ours, and never goes through the page cache", () => {
    const send = (whose: keyof typeof mounts): string => {
      const script = `(f, t) = (open("${mounts[whose]}/proc/meminfo"), open("/dev/null", "w"))
try: print(os.sendfile(t.fileno(), f.fileno(), 0, 4096))
except OSError as error: print(errno.errorcode[error.errno])`;
      return container.run("python3", "-c", `import errno, os\n${script}`);
    };

    expect(send("ours")).toBe("EINVAL\n");
    expect(Number(send("theirs"))).toBeGreaterThan(1000);
  });
});

/** What differed in this run, the caches of slabinfo and the disks as one line each. */
function renderRun(rows: readonly Row[]): string {
  const short = (text: string): string =>
    (text.length > 60 ? `${text.slice(0, 60)} …` : text).replaceAll(/\s+/g, " ");
  const seen = new Set<string>();
  const lines = rows
    .filter(({ file, field }) => {
      const group = explain(file, field)?.name.startsWith("every") ? file : `${file} ${field}`;
      return !seen.has(group) && seen.add(group);
    })
    .map(({ file, field, theirs, ours }) => `| ${file} | ${field} | ${short(theirs)} | ${short(ours)} |`);
  return `
## One run

Linux ${/^\d+\.\d+/.exec(release())?.[0]}, cgroup v1, 300 MiB, one CPU of the host's several, one task busy.

| file | field | LXCFS | ours |
|---|---|---|---|
${lines.join("\n")}
`;
}
