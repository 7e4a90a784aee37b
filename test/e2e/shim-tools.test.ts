import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Cleanup } from "../support/cleanup.ts";
import { freePort } from "../support/free-port.ts";
import {
  type Condition,
  canServeContainers,
  cgroupVersion,
  describeIf,
  hasCommand,
  testIf,
} from "../support/host.ts";
import { PATIENCE } from "../support/patience.ts";
import { startShim } from "../support/shim.ts";
import { startSample } from "../support/up.ts";
import {
  type InsideProcess,
  makeCgroup,
  startViewContainer,
  type TestCgroup,
  type ViewContainer,
} from "../support/view-container.ts";
import { waitFor } from "../support/wait-for.ts";

const MIB = 2 ** 20;
const LIMIT = 300 * MIB;

/** Debian's own Python, which has Debian's psutil; another may come first on PATH. */
const PYTHON = "/usr/bin/python3";
const hasPsutil: Condition = {
  reason: "needs python3-psutil",
  met: () => existsSync("/usr/lib/python3/dist-packages/psutil"),
};

/**
 * A container of 300 MiB and one CPU in which one busy loop runs, asked by tools that are not ours. What they print is
 * compared with the cgroup's own files and with that load.
 */
describeIf(...canServeContainers, hasCommand("stress-ng"))("tools in a container", () => {
  const cleanup = new Cleanup();
  let cgroup: TestCgroup;
  let container: ViewContainer;
  let load: InsideProcess;
  afterAll(() => cleanup.run());

  beforeAll(async () => {
    const { mount } = await startShim(cleanup);
    cgroup = makeCgroup(cleanup, `plimsoll-tools-${process.pid}`);
    cgroup.setMemoryLimit(LIMIT);
    cgroup.setQuota(1);
    container = await startViewContainer(cleanup, cgroup, mount);
    load = container.start("stress-ng", "--quiet", "--cpu", "1", "--timeout", `${100 * PATIENCE}`);
    await waitFor("the load uses CPU time", () => cgroup.cpuSeconds() > 0.3);
  });

  /** What a measuring tool found busy while it ran, and what the cgroup did, in percent of one CPU. */
  function whileBusy(...argv: readonly string[]): { text: string; busy: number } {
    const [clock, usage] = [performance.now(), cgroup.cpuSeconds()];
    const text = container.run(...argv);
    return { text, busy: (100_000 * (cgroup.cpuSeconds() - usage)) / (performance.now() - clock) };
  }

  /** The tool's second and ours are not quite the same one. */
  const TOLERANCE = 20;

  function numbers(text: string, pattern: RegExp): readonly number[] {
    return (pattern.exec(text)?.slice(1) ?? []).map(Number);
  }

  function expectUsage(bytes: number): void {
    expect(Math.abs(bytes - (cgroup.usageBytes() - cgroup.inactiveFileBytes()))).toBeLessThan(8 * MIB);
  }

  test("procps: vmstat", () => {
    const { text, busy } = whileBusy("vmstat", "1", "2");
    const row = text.trim().split("\n").at(-1)?.trim().split(/ +/).map(Number) ?? [];
    const [running, , , free = 0] = row;
    const [user = 0, system = 0, idle = 0, wait = 0, stolen = 0] = row.slice(-5);

    expect(running).toBeGreaterThanOrEqual(1);
    expect(Math.abs(free * 1024 - (LIMIT - cgroup.usageBytes()))).toBeLessThan(8 * MIB);
    expect(Math.abs(user + system - busy)).toBeLessThan(TOLERANCE);
    expect(Math.abs(user + system + idle + wait + stolen - 100)).toBeLessThanOrEqual(2);
    expect(container.run("vmstat", "-s", "-S", "M")).toMatch(/^ +300 M total memory$/m);
  });

  test("procps: uptime and w", () => {
    const startTicks = Number(readFileSync(`/proc/${container.pid}/stat`, "utf8").split(" ")[21]);
    const hostUptime = Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]);
    const started = Date.now() - (hostUptime - startTicks / 100) * 1000;
    const since = new Date(container.run("uptime", "-s").trim().replace(" ", "T")).getTime();
    // The averages may change between two reads, but hardly twice.
    const script = "cat /proc/loadavg; uptime; cat /proc/loadavg";
    const [first = "", between = "", last = ""] = container.run("sh", "-c", script).split("\n");
    const averages = (line: string): readonly string[] => line.match(/\d+\.\d\d/g) ?? [];

    expect(Math.abs(since - started)).toBeLessThan(2000);
    expect(container.run("w", "-h")).toBe("");
    expect(container.run("w")).toMatch(/load average: [\d.]+, [\d.]+, [\d.]+/);
    expect([averages(first), averages(last)]).toContainEqual(averages(between));
  });

  test("procps: ps has right start times, in the host's time namespace too", () => {
    const startTicks = Number(readFileSync(`/proc/${container.pid}/stat`, "utf8").split(" ")[21]);
    const btime = Number(/^btime (\d+)$/m.exec(readFileSync("/proc/stat", "utf8"))?.[1]);
    const start = container.run("env", "TZ=UTC", "ps", "-o", "lstart=", "-p", "1").trim();

    expect(Math.abs(Date.parse(`${start} UTC`) - 1000 * (btime + startTicks / 100))).toBeLessThan(2000);
  });

  test("procps: slabtop shows none of the host's caches", () => {
    expect(container.run("slabtop", "-o")).toMatch(/Active \/ Total Objects .* 0 \/ 0 /);
  });

  testIf(hasCommand("mpstat"))("sysstat: mpstat has one CPU, as busy as the cgroup", () => {
    const { text, busy } = whileBusy("mpstat", "-P", "ALL", "1", "1");
    const rows = text.split("\n").filter((line) => /^Average: +(all|\d+)/.test(line));
    const idle = Number(rows[0]?.split(/ +/).at(-1));

    expect(text).toContain("(1 CPU)");
    expect(rows.map((row) => row.split(/ +/)[1])).toEqual(["all", "0"]);
    expect(Math.abs(100 - idle - busy)).toBeLessThan(TOLERANCE);
  });

  testIf(hasCommand("iostat"))("sysstat: iostat's CPU line", () => {
    const { text, busy } = whileBusy("iostat", "-c", "1", "2");
    const idle = Number(text.trim().split("\n").at(-1)?.trim().split(/ +/).at(-1));

    expect(Math.abs(100 - idle - busy)).toBeLessThan(TOLERANCE);
  });

  testIf(hasCommand("sar"))("sysstat: sar's CPU, memory and queue", () => {
    const { text, busy } = whileBusy("sar", "-u", "-r", "-q", "LOAD", "1", "1");
    const [cpu, memory, queue] = text.split("\n").filter((line) => /^Average: +[\dall]/.test(line));
    const [, , available = 0] = memory?.split(/ +/).map(Number) ?? [];
    const [, , threads = 0, load1 = 0] = queue?.split(/ +/).map(Number) ?? [];
    const [loadavg = 0] = container.run("cat", "/proc/loadavg").split(" ").map(Number);

    expect(Math.abs(100 - Number(cpu?.split(/ +/).at(-1)) - busy)).toBeLessThan(TOLERANCE);
    expectUsage(LIMIT - available * 1024);
    expect(threads).toBeLessThan(10);
    expect(Math.abs(load1 - loadavg)).toBeLessThan(0.3);
  });

  testIf(hasCommand("pidstat"))("sysstat: pidstat finds the load", () => {
    const { text, busy } = whileBusy("pidstat", "-u", "1", "1");
    const line = text.split("\n").find((each) => /^Average.*stress-ng/.test(each)) ?? "";
    const [percent = 0] = numbers(line, /([\d.]+) +\S+ +stress-ng/);

    expect(Math.abs(percent - busy)).toBeLessThan(TOLERANCE);
  });

  testIf(hasCommand("htop"), hasCommand("tmux"))("htop on a terminal", async () => {
    const socket = join(cleanup.temporaryFolder(), "tmux");
    const tmux = (...argv: readonly string[]): string =>
      execFileSync("tmux", ["-S", socket, ...argv], { encoding: "utf8" });
    const into = `nsenter -t ${container.pid} -m -p -C env HTOPRC=/dev/null TERM=screen htop -C`;
    tmux("-f", "/dev/null", "new-session", "-d", "-x", "120", "-y", "30", into);
    try {
      const screen = await waitFor("htop's meters", () => {
        const text = tmux("capture-pane", "-p");
        return /Uptime: \d+:\d+/.test(text) && /\d%\]/.test(text) ? text : undefined;
      });

      expect(screen).toMatch(/Mem\[.*\/300M\]/);
      expect(screen.match(/^ *(?:CPU|\d+)\[\D*[\d.]+%\]/gm)).toHaveLength(1);
      expect(screen).toMatch(/Uptime: 00:0\d:\d\d/);
    } finally {
      tmux("kill-server");
    }
  });

  test("util-linux: lsmem reads what is not virtual, and shows the host's", () => {
    expect(container.run("lsmem", "-b")).toBe(execFileSync("sh", ["-c", "lsmem -b"], { encoding: "utf8" }));
  });

  test("util-linux: a 32-bit personality has the same CPUs", () => {
    const processors = ["grep", "-c", "^processor", "/proc/cpuinfo"] as const;

    expect(container.run("setarch", "linux32", ...processors)).toBe("1\n");
    expect(container.run("setarch", "linux32", "lscpu")).toMatch(/^CPU\(s\): +1$/m);
  });

  test("a pressure file is read, and no trigger can be set", () => {
    const program = [
      "import errno, select",
      "file = open('/proc/pressure/memory')",
      "print(file.read().split()[0])",
      "poll = select.poll()",
      "poll.register(file, select.POLLIN)",
      "print('waits' if poll.poll(5000) == [] else 'returns')",
      "try: open('/proc/pressure/memory', 'r+')",
      "except OSError as error: print(errno.errorcode[error.errno])",
    ].join("\n");

    // Errno 95 has two names.
    expect(container.run("python3", "-c", program)).toMatch(/^some\nreturns\nE(?:NOTSUP|OPNOTSUPP)\n$/);
  });

  test("util-linux: lscpu counts one core in one socket", () => {
    const text = container.run("lscpu");

    expect(text).toMatch(/^CPU\(s\): +1$/m);
    expect(text).toMatch(/^On-line CPU\(s\) list: +0$/m);
    expect(text).toMatch(/^Core\(s\) per socket: +1$/m);
    expect(text).toMatch(/^NUMA node0 CPU\(s\): +0$/m);
  });

  testIf(hasCommand("busybox"))("busybox: top reads /proc; free and uptime ask sysinfo(2)", () => {
    const { text, busy } = whileBusy("busybox", "top", "-b", "-n2", "-d1");
    const [used = 0, free = 0] = numbers(text, /Mem: (\d+)K used, (\d+)K free/);
    const idle = Number([...text.matchAll(/ (\d+)% idle/g)].at(-1)?.[1]);
    const host = execFileSync("busybox", ["free"], { encoding: "utf8" });
    const total = /Mem: +(\d+)/;

    expect((used + free) * 1024).toBe(LIMIT);
    expect(Math.abs(100 - idle - busy)).toBeLessThan(TOLERANCE);
    expect(total.exec(container.run("busybox", "free"))?.[1]).toBe(total.exec(host)?.[1]);
  });

  testIf(hasPsutil)("psutil", () => {
    const program = [
      "import json, psutil",
      "memory, swap = psutil.virtual_memory(), psutil.swap_memory()",
      "print(json.dumps([psutil.cpu_count(), psutil.cpu_count(logical=False), memory.total, memory.available,",
      "  swap.total, swap.sin, psutil.cpu_percent(interval=1), len(psutil.cpu_times(percpu=True))]))",
    ].join("\n");
    const { text, busy } = whileBusy(PYTHON, "-c", program);
    const [logical, cores, total, available, swap, swappedIn, percent, rows] = JSON.parse(text) as number[];

    expect([logical, cores, rows, total]).toEqual([1, 1, 1, LIMIT]);
    expectUsage(LIMIT - (available ?? 0));
    if (swap === 0) expect(swappedIn).toBe(0);
    expect(Math.abs((percent ?? 0) - busy)).toBeLessThan(TOLERANCE);
  });

  test("node: os", () => {
    const program =
      "JSON.stringify([os.cpus().length, os.totalmem(), os.freemem(), os.uptime(), ...os.loadavg()])";
    const [cpus, total, free = 0, uptime, load1 = 0] = JSON.parse(
      container.run(process.execPath, "-p", program),
    ) as number[];
    const [loadavg = 0] = container.run("cat", "/proc/loadavg").split(" ").map(Number);
    const [age = 0] = container.run("cat", "/proc/uptime").split(" ").map(Number);

    expect([cpus, total]).toEqual([1, LIMIT]);
    expectUsage(LIMIT - free);
    expect(Math.abs((uptime ?? 0) - age)).toBeLessThan(3);
    expect(Math.abs(load1 - loadavg)).toBeLessThan(0.3);
  });

  testIf(hasCommand("prometheus-node-exporter"))("node_exporter", async () => {
    const port = await freePort();
    const collectors = ["cpu", "diskstats", "loadavg", "meminfo", "pressure", "stat", "vmstat"];
    const exporter = container.start(
      "prometheus-node-exporter",
      `--web.listen-address=127.0.0.1:${port}`,
      "--log.level=error",
      "--collector.disable-defaults",
      ...collectors.map((name) => `--collector.${name}`),
    );
    const page = await waitFor("its metrics", () =>
      fetch(`http://127.0.0.1:${port}/metrics`).then(
        (response) => response.text(),
        () => undefined,
      ),
    );
    await exporter.stop();
    const value = (name: string): number =>
      Number(
        page
          .split("\n")
          .find((line) => line.startsWith(`${name} `))
          ?.split(" ")[1],
      );

    expect(page.match(/^node_scrape_collector_success\{.*\} 0$/gm)).toBeNull();
    expect(value("node_memory_MemTotal_bytes")).toBe(LIMIT);
    expectUsage(LIMIT - value("node_memory_MemAvailable_bytes"));
    expect(new Set(page.match(/(?<=^node_cpu_seconds_total\{cpu=")\d+/gm))).toEqual(new Set(["0"]));
    const [user = 0] = numbers(page, /^node_cpu_seconds_total\{cpu="0",mode="user"\} (\S+)$/m);
    expect(user).toBeLessThanOrEqual(cgroup.cpuSeconds() + 0.01);
    expect(user).toBeGreaterThan(0.5 * cgroup.cpuSeconds());
    expect(value("node_procs_running")).toBeGreaterThanOrEqual(1);
    expect(value("node_vmstat_pswpin")).toBe(0);
  });

  test("loadavg rises towards the one task that runs", async () => {
    const [before = 0] = container.run("cat", "/proc/loadavg").split(" ").map(Number);
    await sleep(6000);
    const [after = 0, , , tasks] = container
      .run("cat", "/proc/loadavg")
      .split(" ")
      .map((field) => Number.parseFloat(field));

    expect(after).toBeGreaterThan(before);
    expect(after).toBeLessThan(2);
    expect(tasks).toBeGreaterThanOrEqual(1);
  });

  test("diskstats, and who reads it, has what the container wrote", async () => {
    await load.stop();
    const [major, minor] = execFileSync("stat", ["-c", "%Hd %Ld", "/var/tmp"], { encoding: "utf8" })
      .trim()
      .split(" ");
    const name = readFileSync("/proc/diskstats", "utf8")
      .split("\n")
      .map((line) => line.trim().split(/ +/))
      .find(([a, b]) => a === major && b === minor)?.[2];
    // The throttling policy of cgroup v1 counts for disks that it has a limit for only (block/blk-throttle.h).
    if (cgroupVersion === 1)
      writeFileSync(
        join(cgroup.directory("blkio"), "blkio.throttle.write_bps_device"),
        `${major}:${minor} ${2 ** 40}`,
      );
    const file = `/var/tmp/plimsoll-tools-${process.pid}`;
    cleanup.add(file, () => void execFileSync("rm", ["-f", file]));
    await container
      .start("dd", "if=/dev/zero", `of=${file}`, "bs=1M", "count=8", "oflag=direct", "status=none")
      .finished();

    const row = (text: string): readonly string[] =>
      text
        .split("\n")
        .map((line) => line.trim().split(/ +/))
        .find((fields) => fields.includes(name ?? "")) ?? [];
    const [reads, , , , writes, , sectors] = row(container.run("cat", "/proc/diskstats"))
      .slice(3)
      .map(Number);
    expect(reads).toBeDefined();
    expect(writes).toBeGreaterThan(0);
    expect(sectors).toBeGreaterThanOrEqual((8 * MIB) / 512);
    expect(sectors).toBeLessThan((9 * MIB) / 512);
    // vmstat -d: reads total, merged, sectors, ms, writes total, merged, sectors …
    expect(Number(row(container.run("vmstat", "-d"))[7])).toBe(sectors);
    expect(row(container.run("cat", "/proc/partitions")).at(-1)).toBe(name);
    expect(numbers(container.run("cat", "/proc/vmstat"), /^pgpgout (\d+)$/m)[0]).toBe((sectors ?? 0) / 2);
  });
});

/** A JVM reads its own cgroup: it has to come to what /proc shows beside it. */
describeIf(
  ...canServeContainers,
  hasCommand("ip"),
  hasCommand("java"),
)("a JVM in the sample container", () => {
  const cleanup = new Cleanup();
  afterAll(() => cleanup.run());

  test("finds the memory and the CPUs that /proc shows, and makes its heap and its threads by them", async () => {
    const sample = await startSample(cleanup);
    const settings = await sample.output("sh", "-c", "java -XshowSettings:system -version 2>&1");
    const meminfo = await sample.output("cat", "/proc/meminfo");
    const [kibibytes = 0] = /\d+/.exec(meminfo)?.map(Number) ?? [];

    const cpus = await sample.output("grep", "-c", "^processor", "/proc/cpuinfo");
    const choices = ["-XX:MaxRAMPercentage=50", "-XX:+UseParallelGC", "-XX:+PrintFlagsFinal"];
    const flags = await sample.output("java", ...choices, "-version");
    const flag = (name: string): number => Number(new RegExp(` ${name} += (\\d+)`).exec(flags)?.[1]);

    expect(/Memory Limit: ([\d.]+)M/.exec(settings)?.[1]).toBe((kibibytes / 1024).toFixed(2));
    // What availableProcessors() gives, and a thread of the collector for each of them.
    expect(/Effective CPU Count: (\d+)/.exec(settings)?.[1]).toBe(cpus);
    expect(flag("ParallelGCThreads")).toBe(Number(cpus));
    // To a whole number of the pages and regions a heap is made of.
    expect(Math.abs(flag("MaxHeapSize") - kibibytes * 512)).toBeLessThanOrEqual(2 * MIB);
  });
});
