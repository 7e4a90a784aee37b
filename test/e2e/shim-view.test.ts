import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startProcess } from "../../core/runtime/exec.ts";
import { Cleanup } from "../support/cleanup.ts";
import { canServeContainers, describeIf } from "../support/host.ts";
import { expectNothingLeft, snapshotHost } from "../support/leaks.ts";
import { programArgv } from "../support/run-program.ts";
import { type ServingShim, startShim } from "../support/shim.ts";
import {
  makeCgroup,
  startViewContainer,
  type TestCgroup,
  type ViewContainer,
} from "../support/view-container.ts";
import { waitFor } from "../support/wait-for.ts";

const MIB = 2 ** 20;
const LIMIT = 256 * MIB;

/** 256 MiB and half a CPU, asked by tools that are not ours, compared with the cgroup's own files. */
describeIf(...canServeContainers)("a container over the shim's mount", () => {
  const before = snapshotHost();
  const cleanup = new Cleanup();
  let served: ServingShim;
  let cgroup: TestCgroup;
  let container: ViewContainer;

  beforeAll(async () => {
    served = await startShim(cleanup, "--freshness", "0");
    cgroup = makeCgroup(cleanup, `plimsoll-view-${process.pid}`);
    cgroup.setMemoryLimit(LIMIT);
    cgroup.setQuota(0.5);
    container = await startViewContainer(cleanup, cgroup, served.mount);
  });

  afterAll(async () => {
    await cleanup.run();
    await expectNothingLeft(before);
  });

  describe("memory", () => {
    /** `free -b`'s line of memory: total used free shared buff/cache available. */
    function free(): readonly number[] {
      const line = /^Mem: +(.*)$/m.exec(container.run("free", "-b"))?.[1] ?? "";
      return line.split(/ +/).map(Number);
    }

    test("free: the limit, and what docker stats calls used", () => {
      const [total = 0, used = 0] = free();

      expect(total).toBe(LIMIT);
      expect(Math.abs(used - (cgroup.usageBytes() - cgroup.inactiveFileBytes()))).toBeLessThan(2 * MIB);
    });

    test("what is allocated shows", async () => {
      const [, before = 0] = free();
      const eater = startProcess(
        [
          "sh",
          "-c",
          `echo $$ > ${cgroup.directory("memory")}/cgroup.procs; exec python3 -c "import time; x = bytearray(${64 * MIB}); time.sleep(600)"`,
        ],
        { stdio: "ignore" },
      );
      cleanup.add("eater", () => void eater.kill("SIGKILL"));
      await waitFor("64 MiB more are used", () => (cgroup.usageBytes() > 64 * MIB ? true : undefined));

      expect((free()[1] ?? 0) - before).toBeGreaterThan(60 * MIB);
      eater.kill("SIGKILL");
    });

    test("a new limit shows at the next read", () => {
      cgroup.setMemoryLimit(LIMIT / 2);
      expect(free()[0]).toBe(LIMIT / 2);
      cgroup.setMemoryLimit(LIMIT);
      expect(free()[0]).toBe(LIMIT);
    });

    test("the host still sees the host", () => {
      const total = (path: string) => readFileSync(path, "utf8").split("\n")[0];

      expect(execFileSync("cat", [`${served.mount}/proc/meminfo`], { encoding: "utf8" }).split("\n")[0]).toBe(
        total("/proc/meminfo"),
      );
    });
  });

  describe("CPUs", () => {
    test("half a CPU is one, under one id in every file", () => {
      const [id] = /\d+/.exec(container.run("cat", "/sys/devices/system/cpu/online")) ?? [];

      expect(container.run("grep", "-h", "^processor", "/proc/cpuinfo")).toBe(`processor\t: ${id}\n`);
      expect(container.run("grep", "-o", "^cpu[0-9]*", "/proc/stat")).toBe(`cpu\ncpu${id}\n`);
      expect(container.run("cat", "/sys/devices/system/cpu/present")).toBe(`${id}\n`);
      expect(container.run("ls", "/sys/devices/system/cpu")).toMatch(new RegExp(`^cpu${id}\\ncpu[a-z]`));
      expect(container.run("getconf", "_NPROCESSORS_ONLN")).toBe("1\n");
      expect(container.run("lscpu")).toMatch(/^CPU\(s\): +1$/m);
    });

    test("nproc asks the scheduler, which /proc cannot answer for", () => {
      expect(container.run("nproc")).toBe(execFileSync("nproc", { encoding: "utf8" }));
    });

    test("the times in stat are the cgroup's, and never go back", async () => {
      const spin = container.start("sh", "-c", "while :; do :; done");
      const start = usedTicks();
      await waitFor("a second of CPU time is used", () =>
        cgroup.cpuSeconds() > start.latest + 1 ? true : undefined,
      );
      const end = usedTicks();

      // Four times a whole tick may be missing: three columns at two moments, rounded down.
      const used = end.ticks - start.ticks;
      expect(used).toBeGreaterThan(100 * (end.earliest - start.latest) - 4);
      expect(used).toBeLessThan(100 * (end.latest - start.earliest) + 4);
      expect(container.run("cat", "/proc/loadavg")).toMatch(
        /^\d+\.\d\d \d+\.\d\d \d+\.\d\d [1-9]\d*\/\d+ \d{1,4}\n$/,
      );
      await spin.stop();
    });

    /** user + nice + system of the `cpu` line, and the cgroup's own seconds before and after the read. */
    function usedTicks(): { ticks: number; earliest: number; latest: number } {
      const earliest = cgroup.cpuSeconds();
      const line = container.run("head", "-1", "/proc/stat");
      const [, user = 0, nice = 0, system = 0] = line.split(/ +/).map(Number);
      return { ticks: user + nice + system, earliest, latest: cgroup.cpuSeconds() };
    }
  });

  test("uptime is the container's age", () => {
    const startTicks = Number(readFileSync(`/proc/${container.pid}/stat`, "utf8").split(" ")[21]);
    const age = Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]) - startTicks / 100;

    expect(Math.abs(Number(container.run("cut", "-d ", "-f1", "/proc/uptime")) - age)).toBeLessThan(5);
    expect(container.run("uptime")).toContain("up 0 min");
  });

  describe("a file", () => {
    const readers: readonly (readonly [string, readonly string[]])[] = [
      ["cat", ["cat", "/proc/cpuinfo"]],
      ["small pieces", ["dd", "if=/proc/cpuinfo", "bs=7", "status=none"]],
      [
        "a copy",
        [
          "sh",
          "-c",
          "cp /proc/cpuinfo /dev/shm/plimsoll-copy && cat /dev/shm/plimsoll-copy; rm /dev/shm/plimsoll-copy",
        ],
      ],
      ["python", ["python3", "-c", "print(open('/proc/cpuinfo').read(), end='')"]],
      ["node", [process.execPath, "-e", "process.stdout.write(fs.readFileSync('/proc/cpuinfo'))"]],
    ];

    test.for(readers)("is whole when it is read by %s", ([, argv]) => {
      const text = container.run(...argv);

      expect(text).toMatch(/^processor\t: \d+\n/);
      expect(text.replace(/^cpu MHz.*$/m, "")).toBe(
        container.run("cat", "/proc/cpuinfo").replace(/^cpu MHz.*$/m, ""),
      );
    });

    test("whole, whatever a tool makes of the size: sendfile(2), reads from the end, buffers of that size", () => {
      const whole = container.run("cat", "/proc/cpuinfo");
      const copy = "import shutil; shutil.copyfile('/proc/cpuinfo', '/dev/shm/plimsoll-copy')";

      expect(container.run("tail", "-n", "3", "/proc/cpuinfo")).toBe(whole.split("\n").slice(-4).join("\n"));
      expect(container.run("wc", "-c", "/proc/cpuinfo")).toBe(`${Buffer.byteLength(whole)} /proc/cpuinfo\n`);
      expect(container.run(process.execPath, "-p", "fs.readFileSync('/proc/cpuinfo').length")).toBe(
        `${Buffer.byteLength(whole)}\n`,
      );
      expect(
        container.run(
          "sh",
          "-c",
          `python3 -c "${copy}" && cat /dev/shm/plimsoll-copy; rm /dev/shm/plimsoll-copy`,
        ),
      ).toBe(whole);
      expect(
        container.run("sh", "-c", "! command -v busybox > /dev/null || busybox cat /proc/cpuinfo"),
      ).toMatch(/^$|^processor/);
    });

    test("kept open is new when it is read from the beginning", () => {
      const program = [
        "import os, time",
        "fd = os.open('/proc/uptime', os.O_RDONLY)",
        "first = os.pread(fd, 100, 0)",
        "time.sleep(0.05)",
        "print(first != os.pread(fd, 100, 0), os.pread(fd, 100, 5000))",
      ];

      expect(container.run("python3", "-c", program.join("\n"))).toBe("True b''\n");
    });

    test("takes nothing", () => {
      expect(() => container.run("sh", "-c", "echo 1 > /proc/meminfo")).toThrow(/Permission denied/);
    });
  });

  test("what is read without the mount is the same, and can be explained", () => {
    const render = (...args: readonly string[]): string => {
      const [command = "", ...rest] = programArgv(
        "plimsoll-shim",
        "render",
        "--pid",
        `${container.pid}`,
        ...args,
      );
      return execFileSync(command, rest, { encoding: "utf8" });
    };

    expect(render("meminfo").split("\n")[0]).toBe(container.run("head", "-1", "/proc/meminfo").trim());
    expect(render("--explain")).toMatch(/^container of process \d+, cgroup \/.*\n\/proc\/cpuinfo: virtual\n/);
  });

  test("a container that is killed under its readers takes nobody with it", async () => {
    const reader = startProcess(
      [
        "nsenter",
        "-t",
        `${container.pid}`,
        "-m",
        "-p",
        "-C",
        "sh",
        "-c",
        "while :; do cat /proc/meminfo /proc/stat; done",
      ],
      { stdio: "ignore" },
    );
    const ended = new Promise((resolve) => reader.once("close", resolve));
    cleanup.add("reader", () => void reader.kill("SIGKILL"));
    container.run("cat", "/proc/stat");
    container.kill();
    await waitFor("the container's end", () => (isRunning(container.pid) ? undefined : true));
    reader.kill("SIGKILL");
    await ended;

    expect(execFileSync("cat", [`${served.mount}/proc/meminfo`], { encoding: "utf8" })).toMatch(
      /^MemTotal: /,
    );
    expect(served.shim.lines.filter((line) => /"level":"error"/.test(line))).toEqual([]);
  });
});

function isRunning(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}
