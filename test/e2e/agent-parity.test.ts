import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { detachMount } from "../../lxcfs-shim/mount.ts";
import { Cleanup } from "../support/cleanup.ts";
import { freePort } from "../support/free-port.ts";
import { canMakeCgroups, canUnshare, describeIf, hasCommand, hasFuse, isRoot } from "../support/host.ts";
import { DIFFERENT, isAbsent, type PageValue, readPage } from "../support/node-exporter.ts";
import { programArgv, startProgram } from "../support/run-program.ts";
import { makeCgroup, startViewContainer } from "../support/view-container.ts";
import { waitFor } from "../support/wait-for.ts";

/** What node_exporter is told, so that both look at the same: ours are the defaults of its later versions. */
const EXPORTER = [
  "prometheus-node-exporter",
  "--log.level=error",
  "--no-collector.systemd",
  "--collector.processes",
  "--collector.tcpstat",
  "--collector.netclass.ignore-invalid-speed",
  "--collector.netdev.device-exclude=^$",
  "--collector.diskstats.device-exclude=^(z?ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\\d+n\\d+p)\\d+$",
  "--collector.filesystem.mount-points-exclude=^/(dev|proc|run/credentials/.+|sys|var/lib/docker/.+|var/lib/containers/storage/.+)($|/)",
  // Ours has `/` whatever it is, and the shim's own mount is nobody's disk.
  "--collector.filesystem.fs-types-exclude=^(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|fusectl|hugetlbfs|iso9660|mqueue|nsfs|proc|procfs|pstore|rpc_pipefs|securityfs|selinuxfs|squashfs|erofs|sysfs|tracefs|fuse.plimsoll)$",
];
const AGENT = [
  "once",
  "--ip",
  "10.0.0.7",
  "--sources",
  "netclass,processes,tcpstat,softnet,schedstat,textfile",
] as const;

/** Gauges that two looks at the same machine need not agree on. */
const VOLATILE =
  /^node_(load|procs_|entropy_available|filefd_allocated|processes_(pids|state|threads)|sockstat_|tcp_connection|memory_|time_seconds|disk_io_now|nf_conntrack_entries$|arp_|scrape_collector|udp_queues|filesystem_(avail|free|files))/;

/** What an exporter says, and what the agent says between two times of it. */
interface Pages {
  readonly before: ReadonlyMap<string, PageValue>;
  readonly ours: ReadonlyMap<string, PageValue>;
  readonly text: string;
  readonly after: ReadonlyMap<string, PageValue>;
}

describeIf(
  isRoot,
  hasFuse,
  canUnshare,
  canMakeCgroups,
  hasCommand("prometheus-node-exporter"),
  hasCommand("promtool"),
)("beside node_exporter in one container with its own /proc", () => {
  const cleanup = new Cleanup();
  let pages: Pages;
  beforeAll(async () => {
    pages = await samplePages(cleanup);
  });
  afterAll(() => cleanup.run());

  test("what it has and we do not is on the list of what is absent", () => {
    const missing = [...pages.after].filter(([key, { name }]) => !pages.ours.has(key) && !isAbsent(name));

    expect(missing.filter(([, { name }]) => !isAbout(name)).map(([key]) => key)).toEqual([]);
  });

  test("what we have under its names, it has", () => {
    const known = new Set([...pages.after.values()].map(({ name }) => name));
    const more = [...pages.ours.values()].filter(({ name }) => name.startsWith("node_") && !known.has(name));

    expect(more.map(({ name }) => name)).toEqual([]);
  });

  test("types and label names are the same", () => {
    const [ours, theirs] = [shapesOf(pages.ours), shapesOf(pages.after)];
    const shared = [...ours].filter(([name]) => theirs.has(name) && !isAbout(name));

    expect(shared.length).toBeGreaterThan(150);
    expect(shared.filter(([name, shape]) => theirs.get(name) !== shape)).toEqual([]);
  });

  test("counters lie between its two, other values are the same", () => {
    const differing = [...pages.ours].flatMap(([key, { name, value }]) => {
      const [before, after] = [pages.before.get(key)?.value, pages.after.get(key)?.value];
      if (before === undefined || after === undefined) return [];
      if (VOLATILE.test(name) || name in DIFFERENT) return [];
      const tolerance = Math.abs(after) * 1e-9;
      const isBetween =
        value >= Math.min(before, after) - tolerance && value <= Math.max(before, after) + tolerance;
      return isBetween ? [] : [`${key}: ${value}, not ${before} to ${after}`];
    });

    expect(differing).toEqual([]);
  });

  test("what is another on purpose is: the boot time", () => {
    const bootTime = pages.ours.get("node_boot_time_seconds[]")?.value ?? 0;

    expect(Object.keys(DIFFERENT)).toEqual(["node_boot_time_seconds"]);
    expect(bootTime).toBeGreaterThan(pages.after.get("node_boot_time_seconds[]")?.value ?? 0);
    expect(bootTime).toBeGreaterThan(Date.now() / 1000 - 600);
  });

  test("the memory is the container's", () => {
    expect(pages.ours.get("node_memory_MemTotal_bytes[]")?.value).toBe(MEMORY_BYTES);
    expect(pages.after.get("node_memory_MemTotal_bytes[]")?.value).toBe(MEMORY_BYTES);
    expect(pages.ours.get('plimsoll_proc_virtual[["file","/proc/meminfo"]]')?.value).toBe(1);
  });

  test("promtool finds nothing in our names that it does not find in node_exporter's", () => {
    const complaints = promtool(pages.text).filter(
      (line) => !/^node_.*(camelCase|"bytes" instead of "bits")/.test(line),
    );

    expect(complaints).toEqual([]);
  });
});

const MEMORY_BYTES = 512 * 1024 * 1024;

async function samplePages(cleanup: Cleanup): Promise<Pages> {
  const mount = join(cleanup.temporaryFolder(), "mount");
  cleanup.add("mount", () => detachMount(mount).catch(() => {}));
  const shim = startProgram(cleanup, programArgv("plimsoll-shim", "serve", "--mount", mount));
  await shim.waitForLine(/"msg":"ready"/);
  const cgroup = makeCgroup(cleanup, `plimsoll-test-parity-${process.pid}`);
  cgroup.setMemoryLimit(MEMORY_BYTES);
  const container = await startViewContainer(cleanup, cgroup, mount);
  const textfiles = cleanup.temporaryFolder();
  const port = await freePort();
  container.start(
    ...EXPORTER,
    `--collector.textfile.directory=${textfiles}`,
    `--web.listen-address=127.0.0.1:${port}`,
  );
  const url = `http://127.0.0.1:${port}/metrics`;
  await waitFor("node_exporter", () =>
    fetch(url).then(
      ({ ok }) => ok,
      () => false,
    ),
  );
  const ask = async () => readPage(await (await fetch(url)).text());
  const configFile = join(textfiles, "agent.json");
  writeFileSync(configFile, JSON.stringify({ sources: { textfile: { directory: textfiles } } }));
  await ask();
  const before = await ask();
  const inside = container.start(...programArgv("plimsoll-agent", ...AGENT, "--config", configFile));
  const text = await inside.finished();
  return { before, ours: readPage(text), text, after: await ask() };
}

/** The kind and all lists of label names, by name. */
function shapesOf(page: Pages["ours"]): ReadonlyMap<string, string> {
  const shapes = new Map<string, Set<string>>();
  for (const { name, kind, labelNames } of page.values()) {
    shapes.set(name, (shapes.get(name) ?? new Set([kind])).add(labelNames));
  }
  return new Map([...shapes].map(([name, shape]) => [name, [...shape].sort().join(" ")]));
}

/** About the collectors themselves, and processes that come and go between two looks. */
function isAbout(name: string): boolean {
  return (
    name.startsWith("node_scrape_collector") ||
    name === "node_processes_state" ||
    name === "node_tcp_connection_states"
  );
}

/** Its complaints, one a line; 3 is its exit code then. */
function promtool(page: string): string[] {
  try {
    execFileSync("promtool", ["check", "metrics"], { input: page, stdio: ["pipe", "pipe", "pipe"] });
    return [];
  } catch (error) {
    return String((error as { stderr: Buffer }).stderr)
      .split("\n")
      .filter(Boolean);
  }
}
