import { afterAll, beforeAll, expect, test } from "vitest";
import { Cleanup } from "../support/cleanup.ts";
import { canServeContainers, cgroupVersion, describeIf, hasCommand, testIf } from "../support/host.ts";
import { hostOutput, type SampleContainer, startSample } from "../support/up.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

const KIB = 1024;

describeIf(...canServeContainers, hasCommand("ip"))("inside the sample container", () => {
  let sample: SampleContainer;
  beforeAll(async () => {
    sample = await startSample(cleanup);
  });

  const limitBytes = (): number =>
    Number(sample.control("memory", cgroupVersion === 2 ? "memory.max" : "memory.limit_in_bytes"));
  const usageBytes = (): number =>
    Number(sample.control("memory", cgroupVersion === 2 ? "memory.current" : "memory.usage_in_bytes"));

  test("free shows the cgroup's limit, and what it uses", async () => {
    const [total, used, free] =
      /Mem: +(\d+) +(\d+) +(\d+)/
        .exec(await sample.output("free", "-b"))
        ?.slice(1)
        .map(Number) ?? [];
    const usage = usageBytes();

    expect(total).toBe(limitBytes());
    // The reading commands themselves come and go in between.
    expect(Math.abs((free ?? 0) - (limitBytes() - usage))).toBeLessThan(16 * KIB * KIB);
    expect(used).toBeLessThanOrEqual(usage + 16 * KIB * KIB);
  });

  test("nproc and the number of processors are the cpuset's", async () => {
    const cpus = sample.control("cpuset", "cpuset.cpus");
    expect(cpus).toMatch(/^\d+$/);

    expect(await sample.output("nproc")).toBe("1");
    expect(await sample.output("cat", "/sys/devices/system/cpu/online")).toBe(cpus);
    expect(await sample.output("grep", "^processor", "/proc/cpuinfo")).toMatch(
      new RegExp(`^processor\\s*: ${cpus}$`),
    );
    expect(await sample.output("sh", "-c", "ls -d /sys/devices/system/cpu/cpu[0-9]*")).toBe(
      `/sys/devices/system/cpu/cpu${cpus}`,
    );
  });

  testIf(hasCommand("python3"))("python3 counts its CPUs", async () => {
    expect(await sample.output("python3", "-c", "import os; print(os.cpu_count())")).toBe("1");
  });

  test("node sees its memory and its CPUs", async () => {
    const script = "os.totalmem() + ' ' + os.cpus().length";
    const [total, cpus] = (await sample.output(process.execPath, "-p", script)).split(" ");

    expect(Number(total)).toBe(limitBytes());
    expect(cpus).toBe("1");
  });

  test("top's summary is the container's: its tasks, its memory, 100 % in all", async () => {
    const text = await sample.output("top", "-bn1");
    const percent = [...(/%Cpu\(s\):(.*)/.exec(text)?.[1] ?? "").matchAll(/([\d.]+) /g)].map((match) =>
      Number(match[1]),
    );

    expect(Number(/Tasks: +(\d+) total/.exec(text)?.[1])).toBeLessThan(10);
    expect(text).toMatch(/MiB Mem : +512\.0 total/);
    expect(percent.reduce((sum, each) => sum + each, 0)).toBeCloseTo(100, -0.5);
  });

  test("a container that uses up its quota reads as 100 % busy", async () => {
    const script = [
      "timeout 60 sh -c 'while :; do :; done' & load=$!",
      "begin=$(date +%s%3N); read -r _ u1 n1 s1 i1 rest < /proc/stat; sleep 3",
      "read -r _ u2 n2 s2 i2 rest < /proc/stat; end=$(date +%s%3N); kill $load",
      "echo $((u2-u1)) $((s2-s1)) $((i2-i1)) $((end-begin))",
    ].join("\n");
    const [user = 0, system = 0, idle = 0, ms = 0] = (await sample.output("bash", "-c", script))
      .split(" ")
      .map(Number);

    // Half a CPU gives a tick of 10 ms in 20 ms, all of them used.
    expect(user + system + idle).toBeGreaterThan(0.8 * 150);
    expect(user + system + idle).toBeLessThan(1.2 * (ms / 20) + 5);
    expect((user + system) / (user + system + idle)).toBeGreaterThan(0.85);
  });

  test("uptime is the age of the container, not the host's", async () => {
    const started = Number(
      (await hostOutput("cat", `/proc/${sample.initPid}/stat`)).replace(/^.*\) /s, "").split(" ")[19],
    );
    const age = async (): Promise<number> =>
      Number((await hostOutput("cat", "/proc/uptime")).split(" ")[0]) - started / 100;
    const before = await age();
    const inside = Number((await sample.output("cat", "/proc/uptime")).split(" ")[0]);
    const after = await age();

    expect(inside).toBeGreaterThan(before - 0.2);
    expect(inside).toBeLessThan(after + 0.2);
  });

  test("loadavg counts the container's own tasks", async () => {
    const [, , , tasks = "", lastPid] = (await sample.output("cat", "/proc/loadavg")).split(" ");
    const [hostTasks = 0] =
      (await hostOutput("cat", "/proc/loadavg")).split(" ")[3]?.split("/").slice(1).map(Number) ?? [];

    expect(Number(tasks.split("/")[1])).toBeLessThan(hostTasks);
    expect(Number(lastPid)).toBeLessThan(sample.initPid);
  });

  test("a limit changed live shows at the next reads", async () => {
    const file = sample.group.version === 2 ? "memory.max" : "memory.limit_in_bytes";
    const directory = sample.group.directories.find(
      (path) => sample.group.version === 2 || path.includes("/memory/"),
    );
    const [before, after] = [limitBytes(), 400 * KIB * KIB];
    await hostOutput("sh", "-c", `echo ${after} > ${directory}/${file}`);
    try {
      expect(await sample.output("grep", "MemTotal", "/proc/meminfo")).toBe(
        `MemTotal:         ${after / KIB} kB`,
      );
    } finally {
      await hostOutput("sh", "-c", `echo ${before} > ${directory}/${file}`);
    }
  });

  test("the host still sees itself through the same mount", async () => {
    const direct = await hostOutput("grep", "MemTotal", "/proc/meminfo");

    expect(await hostOutput("grep", "MemTotal", "/run/plimsoll/up/shim/proc/meminfo")).toBe(direct);
  });
});
