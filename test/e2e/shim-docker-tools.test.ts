import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Cleanup } from "../support/cleanup.ts";
import { importImage, type PrivateDocker, startDocker } from "../support/docker.ts";
import {
  type Condition,
  canServeContainers,
  cgroupVersion,
  describeIf,
  hasCommand,
  hasDocker,
  testIf,
} from "../support/host.ts";
import { PATIENCE } from "../support/patience.ts";
import { startShim } from "../support/shim.ts";
import { waitFor } from "../support/wait-for.ts";

const MIB = 2 ** 20;
const LIMIT = 300 * MIB;
const IMAGE = "plimsoll-test:tools";
/** What runc lets be mounted below /proc. */
const FILES = ["cpuinfo", "diskstats", "loadavg", "meminfo", "stat", "swaps", "uptime"];
/** The tools are this machine's own; some are reached, and a JVM is configured, through /etc. */
const FOLDERS = [
  ["/usr", "/usr"],
  ["/usr/lib", "/lib"],
  ["/usr/lib64", "/lib64"],
  ["/etc/alternatives", "/etc/alternatives"],
  ["/etc/java-17-openjdk", "/etc/java-17-openjdk"],
] as const;
const PYTHON = "/usr/bin/python3";
/** The tool's second and ours are not quite the same one: docker exec takes its time before and after. */
const TOLERANCE = 30;

const hasPsutil: Condition = {
  reason: "needs python3-psutil",
  met: () => existsSync("/usr/lib/python3/dist-packages/psutil"),
};

/** 300 MiB and one CPU, in which one busy loop runs, asked through `docker exec` by tools that are not ours. */
describeIf(
  ...canServeContainers,
  ...hasDocker,
  hasCommand("stress-ng"),
)("tools in a container of Docker's", () => {
  const cleanup = new Cleanup();
  let docker: PrivateDocker;
  let [id, cgroup] = ["", ""];
  afterAll(() => cleanup.run());

  function cli(...argv: readonly string[]): string {
    const env = { ...process.env, ...docker.env, LC_ALL: "C" };
    const timeout = 60_000 * PATIENCE;
    return execFileSync("docker", argv, { encoding: "utf8", timeout, env, stdio: "pipe" }).trim();
  }
  const inside = (...argv: readonly string[]): string => cli("exec", "-e", "LC_ALL=C", id, ...argv);

  beforeAll(async () => {
    docker = await startDocker(cleanup);
    await importImage(cleanup, docker, IMAGE);
    const { mount } = await startShim(cleanup);
    const cpus = "sys/devices/system/cpu";
    const ours = [...FILES.map((file) => `proc/${file}`), cpus].map((path) => `${mount}/${path}:/${path}`);
    const theirs = FOLDERS.filter(([folder]) => existsSync(folder)).map((pair) => pair.join(":"));
    const binds = [...ours, ...theirs].flatMap((bind) => ["-v", `${bind}:ro`]);
    const limits = ["--network", "none", "--memory", `${LIMIT}`, "--cpus", "1"];
    id = cli("run", "-d", ...limits, ...binds, IMAGE, "sleep", "600");
    cleanup.add("container", () => void cli("rm", "-f", id));
    cgroup = cgroupOf(cli("inspect", "-f", "{{.State.Pid}}", id));
    cli("exec", "-d", id, "stress-ng", "--quiet", "--cpu", "1", "--timeout", `${100 * PATIENCE}`);
    await waitFor("the load uses CPU time", () => cpuSeconds() > 0.3);
  });

  /** Its directory in the hierarchy that counts CPU time. */
  function cgroupOf(pid: string): string {
    const pattern = cgroupVersion === 1 ? /^\d+:[^:]*\bcpuacct\b[^:]*:(.*)$/m : /^0::(.*)$/m;
    const path = pattern.exec(readFileSync(`/proc/${pid}/cgroup`, "utf8"))?.[1] ?? "";
    return join("/sys/fs/cgroup", cgroupVersion === 1 ? "cpuacct" : "", path);
  }

  function cpuSeconds(): number {
    if (cgroupVersion === 1) return Number(readFileSync(join(cgroup, "cpuacct.usage"), "utf8")) / 1e9;
    return Number(/^usage_usec (\d+)$/m.exec(readFileSync(join(cgroup, "cpu.stat"), "utf8"))?.[1]) / 1e6;
  }

  /** What a measuring tool printed, and how busy the cgroup was meanwhile, in percent of one CPU. */
  function whileBusy(...argv: readonly string[]): { text: string; busy: number } {
    const [clock, usage] = [performance.now(), cpuSeconds()];
    const text = inside(...argv);
    return { text, busy: (100_000 * (cpuSeconds() - usage)) / (performance.now() - clock) };
  }

  /** The last number of the last line. */
  const lastNumber = (text: string): number => Number(text.split("\n").at(-1)?.trim().split(/ +/).at(-1));

  test("procps: vmstat, free, uptime and w", () => {
    const { text, busy } = whileBusy("vmstat", "1", "2");
    const [user = 0, system = 0] = text.split("\n").at(-1)?.trim().split(/ +/).slice(-5).map(Number) ?? [];

    expect(Math.abs(user + system - busy)).toBeLessThan(TOLERANCE);
    expect(inside("free", "-b")).toMatch(new RegExp(`^Mem: +${LIMIT} `, "m"));
    expect(inside("uptime", "-p")).toMatch(/^up \d+ minutes?/);
    expect(inside("w")).toMatch(/up \d+ min, .*load average: [\d.]+/);
  });

  testIf(
    hasCommand("mpstat"),
    hasCommand("iostat"),
    hasCommand("sar"),
  )("sysstat: mpstat, iostat, sar", () => {
    const mpstat = whileBusy("mpstat", "-P", "ALL", "1", "1");
    const iostat = whileBusy("iostat", "-c", "1", "2");
    const sar = whileBusy("sar", "-u", "1", "1");

    expect(mpstat.text.match(/(?<=^Average: +)(?:all|\d+)/gm)).toHaveLength(2);
    for (const { text, busy } of [mpstat, iostat, sar])
      expect(Math.abs(100 - lastNumber(text) - busy)).toBeLessThan(TOLERANCE);
  });

  test("util-linux: lscpu; coreutils: nproc, which asks the scheduler", () => {
    expect(inside("lscpu")).toMatch(/^CPU\(s\): +1$/m);
    expect(Number(inside("nproc"))).toBeGreaterThanOrEqual(1);
    expect(inside("getconf", "_NPROCESSORS_ONLN")).toBe("1");
  });

  testIf(hasCommand("busybox"))("busybox: top", () => {
    const { text, busy } = whileBusy("busybox", "top", "-b", "-n2", "-d1");
    const [, used, free] = /Mem: (\d+)K used, (\d+)K free/.exec(text) ?? [];

    expect((Number(used) + Number(free)) * 1024).toBe(LIMIT);
    expect(Math.abs(100 - Number([...text.matchAll(/ (\d+)% idle/g)].at(-1)?.[1]) - busy)).toBeLessThan(
      TOLERANCE,
    );
  });

  testIf(hasPsutil)("psutil", () => {
    const program = [
      "import json, psutil",
      "print(json.dumps([psutil.cpu_count(), psutil.virtual_memory().total, psutil.cpu_percent(interval=1)]))",
    ].join("\n");
    const { text, busy } = whileBusy(PYTHON, "-c", program);
    const [cpus, total, percent = 0] = JSON.parse(text) as number[];

    expect([cpus, total]).toEqual([1, LIMIT]);
    expect(Math.abs(percent - busy)).toBeLessThan(TOLERANCE);
  });

  testIf(hasCommand("java"))("a JVM, which reads its cgroup, comes to what the files show", () => {
    const choices = ["-XX:MaxRAMPercentage=50", "-XX:+UseParallelGC", "-XX:+PrintFlagsFinal"];
    const flags = inside("java", ...choices, "-version");
    const flag = (name: string): number => Number(new RegExp(` ${name} += (\\d+)`).exec(flags)?.[1]);

    expect(flag("ParallelGCThreads")).toBe(Number(inside("grep", "-c", "^processor", "/proc/cpuinfo")));
    expect(Math.abs(flag("MaxHeapSize") - LIMIT / 2)).toBeLessThanOrEqual(2 * MIB);
  });
});
