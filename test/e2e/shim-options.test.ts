import { readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, expect } from "vitest";
import { startProcess } from "../../core/runtime/exec.ts";
import { Cleanup } from "../support/cleanup.ts";
import { type Condition, canServeContainers, describeIf, testIf } from "../support/host.ts";
import { programArgv, type RunningProgram, startProgram } from "../support/run-program.ts";
import { timesServed } from "../support/shim-readers.ts";
import { makeCgroup, startViewContainer, type ViewContainer } from "../support/view-container.ts";
import { waitFor } from "../support/wait-for.ts";

const MIB = 2 ** 20;
const LIMIT_KIB = 256 * 1024;

const manyCpus: Condition = { reason: "needs two CPUs", met: () => availableParallelism() >= 2 };

/** For each line it is given: the number of CPUs and MemTotal, from files it opened once. */
const READER = `
import os, sys
cpuinfo, meminfo = [os.open("/proc/" + name, os.O_RDONLY) for name in ("cpuinfo", "meminfo")]
for line in sys.stdin:
    cpus = os.pread(cpuinfo, 100000, 0).count(b"processor\\t:")
    print(cpus, int(os.pread(meminfo, 100, 0).split()[1]), flush=True)`;

/** Two containers of 256 MiB and half a CPU, and a configuration that changes under them. */
describeIf(...canServeContainers, manyCpus)("options changed live", () => {
  const cleanup = new Cleanup();
  const names = { web: `plimsoll-options-web-${process.pid}`, db: `plimsoll-options-db-${process.pid}` };
  const config = join(cleanup.temporaryFolder(), "shim.yaml");
  const mount = join(cleanup.temporaryFolder(), "shim");
  const hostKib = Number(/\d+/.exec(readFileSync("/proc/meminfo", "utf8"))?.[0]);
  let shim: RunningProgram;
  let web: ViewContainer;
  let db: ViewContainer;
  let ask: () => Promise<string>;
  afterAll(() => cleanup.run());

  function configure(...lines: readonly string[]): void {
    writeFileSync(config, [`mount: ${mount}`, ...lines, ""].join("\n"));
  }

  async function reconfigure(...lines: readonly string[]): Promise<void> {
    const served = timesServed(shim);
    configure(...lines);
    process.kill(shim.pid, "SIGHUP");
    await waitFor("the next server", () => timesServed(shim) > served);
  }

  async function start(name: string): Promise<ViewContainer> {
    const cgroup = makeCgroup(cleanup, name);
    cgroup.setMemoryLimit(256 * MIB);
    cgroup.setQuota(0.5);
    return startViewContainer(cleanup, cgroup, mount);
  }

  beforeAll(async () => {
    configure();
    shim = startProgram(cleanup, programArgv("plimsoll-shim", "serve", "--config", config));
    cleanup.add("shim", async () => expect(await shim.stop()).toBe(0));
    await shim.waitForLine(/"msg":"ready"/);
    web = await start(names.web);
    db = await start(names.db);
    ask = openReader(web);
  });

  function openReader(container: ViewContainer): () => Promise<string> {
    const inside = ["nsenter", "-t", `${container.pid}`, "-m", "-p", "-C", "python3", "-c", READER];
    const reader = startProcess(inside, { stdio: ["pipe", "pipe", "inherit"] });
    cleanup.add("reader", () => void reader.kill("SIGKILL"));
    const answers = createInterface({ input: reader.stdout ?? process.stdin })[Symbol.asyncIterator]();
    return async () => {
      reader.stdin?.write("\n");
      return (await answers.next()).value;
    };
  }

  const cpusOf = (container: ViewContainer): number =>
    Number(container.run("grep", "-c", "^processor", "/proc/cpuinfo"));
  const memoryOf = (container: ViewContainer): number =>
    Number(/\d+/.exec(container.run("head", "-1", "/proc/meminfo"))?.[0]);

  testIf()("a container by its cgroup, the others stay", async () => {
    expect([cpusOf(web), cpusOf(db), await ask()]).toEqual([1, 1, `1 ${LIMIT_KIB}`]);
    await reconfigure("containers:", `  /**${names.web}: { cpus: cpuset, hostFiles: meminfo }`);

    const cpus = Number(web.run("nproc"));
    expect(cpus).toBeGreaterThan(1);
    expect([cpusOf(web), cpusOf(db), await ask()]).toEqual([cpus, 1, `${cpus} ${hostKib}`]);
    expect([memoryOf(web), memoryOf(db)]).toEqual([hostKib, LIMIT_KIB]);
  });

  testIf()("for all but one", async () => {
    const own = { cpus: "both", loadavg: "on", hostFiles: "" };
    await reconfigure(
      "cpus: host",
      "loadavg: off",
      "hostFiles: meminfo",
      "containers:",
      `  /**${names.db}: ${JSON.stringify(own)}`,
    );
    const tasks = (text: string): number => Number(/\/(\d+)/.exec(text)?.[1]);
    const online = readFileSync("/sys/devices/system/cpu/online", "utf8");

    expect(web.run("cat", "/sys/devices/system/cpu/online")).toBe(online);
    expect(db.run("cat", "/sys/devices/system/cpu/online")).toMatch(/^\d+\n$/);
    expect([memoryOf(web), memoryOf(db)]).toEqual([hostKib, LIMIT_KIB]);
    expect(tasks(web.run("cat", "/proc/loadavg"))).toBeGreaterThan(20);
    expect(tasks(db.run("cat", "/proc/loadavg"))).toBeLessThan(10);
  });

  testIf()("what cannot be read changes nothing", async () => {
    configure("cpus: some");
    process.kill(shim.pid, "SIGHUP");
    await shim.waitForLine(/^error: configuration .*: cpus: "some" is not a CPU policy/);

    expect([memoryOf(web), memoryOf(db)]).toEqual([hostKib, LIMIT_KIB]);
  });

  testIf()("and back again", async () => {
    const before = db.run("head", "-1", "/proc/stat").split(/ +/).map(Number);
    await reconfigure();
    const after = db.run("head", "-1", "/proc/stat").split(/ +/).map(Number);

    expect([cpusOf(web), cpusOf(db), await ask()]).toEqual([1, 1, `1 ${LIMIT_KIB}`]);
    for (const column of [1, 3, 4]) expect(after[column]).toBeGreaterThanOrEqual(before[column] ?? 0);
    expect(shim.stderr.filter((line) => /"level":"error"/.test(line))).toEqual([]);
  });
});
