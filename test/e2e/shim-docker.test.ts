import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Cleanup } from "../support/cleanup.ts";
import { importImage, type PrivateDocker, startDocker } from "../support/docker.ts";
import { canServeContainers, describeIf, hasDocker } from "../support/host.ts";
import { startShim } from "../support/shim.ts";

const MIB = 2 ** 20;
const IMAGE = "plimsoll-test:shim";
/** What runc lets be mounted below /proc. */
const FILES = ["cpuinfo", "diskstats", "loadavg", "meminfo", "stat", "swaps", "uptime"];

/** A container that Docker made, asked through `docker exec`. */
describeIf(...canServeContainers, ...hasDocker)("in a container of Docker's", () => {
  const cleanup = new Cleanup();
  let docker: PrivateDocker;
  let [mount, id] = ["", ""];
  afterAll(() => cleanup.run());

  function cli(...argv: readonly string[]): string {
    const env = { ...process.env, ...docker.env, LC_ALL: "C" };
    return execFileSync("docker", argv, { encoding: "utf8", timeout: 60_000, env }).trim();
  }
  const inside = (...argv: readonly string[]): string => cli("exec", id, ...argv);
  const binds = (): readonly string[] => [
    ...FILES.flatMap((file) => ["-v", `${mount}/proc/${file}:/proc/${file}:ro`]),
    "-v",
    `${mount}/sys/devices/system/cpu:/sys/devices/system/cpu:ro`,
  ];

  beforeAll(async () => {
    docker = await startDocker(cleanup);
    await importImage(cleanup, docker, IMAGE);
    ({ mount } = await startShim(cleanup));
    const limits = ["--memory", "256m", "--memory-swap", "320m", "--cpus", "1.5"];
    id = cli("run", "-d", "--network", "none", ...limits, ...binds(), IMAGE, "sleep", "600");
    cleanup.add("container", () => void cli("rm", "-f", id));
  });

  function memory(): readonly number[] {
    return /^Mem: +(.*)$/m.exec(inside("free", "-b"))?.[1]?.split(/ +/).map(Number) ?? [];
  }

  test("free's total is --memory, its used what docker stats calls used", () => {
    const shown = /^([\d.]+)(\w+)/.exec(cli("stats", "--no-stream", "--format", "{{.MemUsage}}", id)) ?? [];
    const unit = { B: 1, KiB: 1024, MiB: 1024 ** 2 }[shown[2] ?? ""] ?? Number.NaN;
    const [total = 0, used = 0] = memory();

    expect(total).toBe(256 * MIB);
    expect(Math.abs(used - Number(shown[1]) * unit)).toBeLessThan(4 * MIB);
  });

  test("free's swap is what --memory-swap leaves beside --memory, if the host has as much", () => {
    const hostKib = Number(/^SwapTotal: +(\d+) kB$/m.exec(readFileSync("/proc/meminfo", "utf8"))?.[1]);
    // On v2 the engine looks for swap's limit in its own cgroup: where that is the root it sets none.
    const limit = cli("info", "-f", "{{.SwapLimit}}") === "true" ? 64 * MIB : Number.POSITIVE_INFINITY;
    const [total, used, free] =
      /^Swap: +(.*)$/m.exec(inside("free", "-b"))?.[1]?.split(/ +/).map(Number) ?? [];

    expect(total).toBe(Math.min(limit, hostKib * 1024));
    expect((used ?? 0) + (free ?? 0)).toBe(total);
  });

  test("as many CPUs as --cpus, rounded up", () => {
    expect(inside("grep", "-c", "^processor", "/proc/cpuinfo")).toBe("2");
    expect(inside("cat", "/sys/devices/system/cpu/online")).toMatch(/^\d+[-,]\d+$/);
    expect(inside("top", "-b", "-n1")).toMatch(/MiB Mem : +256\.0 total/);
  });

  test("uptime is the container's", () => {
    expect(inside("uptime")).toContain("up 0 min");
  });

  test("docker update shows at the next read", () => {
    cli("update", "--memory", "128m", "--memory-swap", "128m", "--cpus", "0.5", id);

    expect(memory()[0]).toBe(128 * MIB);
    expect(inside("grep", "-c", "^processor", "/proc/cpuinfo")).toBe("1");
  });

  test("a container in the host's pid namespace has its own limits", () => {
    const argv = ["run", "--rm", "--network", "none", "--pid", "host", "--memory", "64m", ...binds(), IMAGE];

    expect(cli(...argv, "head", "-1", "/proc/meminfo")).toBe("MemTotal:          65536 kB");
  });

  test("a container that shares the pid namespace of another has its own limits", () => {
    const argv = [
      "run",
      "--rm",
      "--network",
      "none",
      "--pid",
      `container:${id}`,
      "--memory",
      "64m",
      ...binds(),
    ];

    expect(cli(...argv, IMAGE, "head", "-1", "/proc/meminfo")).toBe("MemTotal:          65536 kB");
  });
});
