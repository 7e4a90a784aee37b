import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Cleanup } from "../support/cleanup.ts";
import { type Condition, canServeContainers, cgroupVersion, describeIf, testIf } from "../support/host.ts";
import { startShim } from "../support/shim.ts";
import {
  makeCgroup,
  startViewContainer,
  type TestCgroup,
  type ViewContainer,
} from "../support/view-container.ts";
import { waitFor } from "../support/wait-for.ts";

const hasTimeNamespaces: Condition = {
  reason: "needs time namespaces",
  met: () => existsSync("/proc/self/ns/time"),
};

const MIB = 2 ** 20;
const [OUTER, INNER] = [256 * MIB, 64 * MIB];

/** Whoever asks, and from wherever: what the kernel limits is what is shown. */
describeIf(...canServeContainers)("callers from unusual places", () => {
  const cleanup = new Cleanup();
  let mount = "";
  let outer: TestCgroup;
  let container: ViewContainer;
  /** A cgroup below the container's, in the memory hierarchy only. */
  let inner = "";
  afterAll(() => cleanup.run());

  beforeAll(async () => {
    ({ mount } = await startShim(cleanup));
    outer = makeCgroup(cleanup, `plimsoll-nested-${process.pid}`);
    outer.setMemoryLimit(OUTER);
    inner = join(outer.directory("memory"), "inner");
    mkdirSync(inner);
    cleanup.add(inner, () => waitFor(`${inner} is empty`, () => removed(inner)).then(() => {}));
    // On v2 a cgroup with processes hands no controller down: the container is started with what it has by itself.
    if (cgroupVersion === 1) writeFileSync(join(inner, "memory.limit_in_bytes"), `${INNER}`);
    container = await startViewContainer(cleanup, outer, mount);
  });

  /** MemTotal in bytes, read by a process that joins `cgroup` and is then started by `argv`. */
  function total(cgroup: string | undefined, ...argv: readonly string[]): number {
    const join = cgroup === undefined ? [] : [`echo $$ > ${cgroup}/cgroup.procs`];
    const command = [
      "sh",
      "-ec",
      [...join, 'exec "$@"'].join("\n"),
      "sh",
      ...argv,
      "cat",
      `${mount}/proc/meminfo`,
    ];
    const text = execFileSync(command[0] ?? "", command.slice(1), { encoding: "utf8", timeout: 20_000 });
    return Number(/^MemTotal: +(\d+) kB$/m.exec(text)?.[1]) * 1024;
  }

  const hostTotal = (): number => Number(/\d+/.exec(readFileSync("/proc/meminfo", "utf8"))?.[0]) * 1024;
  const enter = (): readonly string[] => ["nsenter", "-t", `${container.pid}`];
  const memory = (): string => outer.directory("memory");
  const innerLimit = cgroupVersion === 1 ? INNER : OUTER;

  test("docker exec: all namespaces of the container, the cgroup of somebody else", () => {
    expect(total(undefined, ...enter(), "-m", "-p", "-C")).toBe(OUTER);
  });

  test("nsenter into the mount namespace alone is the host's process still", () => {
    expect(total(undefined, ...enter(), "-m")).toBe(hostTotal());
  });

  test("nsenter into the pid namespace alone is in the container's", () => {
    expect(total(undefined, ...enter(), "-p")).toBe(OUTER);
    expect(total(undefined, ...enter(), "-m", "-p")).toBe(OUTER);
  });

  test("the host's pid namespace, a cgroup namespace of its own", () => {
    expect(total(memory(), "unshare", "--mount", "--cgroup")).toBe(OUTER);
  });

  test("the host's cgroup namespace, a pid namespace of its own", () => {
    expect(total(memory(), "unshare", "--mount", "--pid", "--fork", "--mount-proc")).toBe(OUTER);
  });

  test("the host's namespaces but for the mounts: its own cgroup", () => {
    expect(total(memory(), "unshare", "--mount")).toBe(OUTER);
  });

  test("the host's process in a limited cgroup sees the host", () => {
    expect(total(memory())).toBe(hostTotal());
  });

  test("a chroot changes nothing", () => {
    expect(total(undefined, ...enter(), "-m", "-p", "-C", "chroot", "/")).toBe(OUTER);
  });

  describe("a container in the container", () => {
    const nest = ["unshare", "--mount", "--pid", "--cgroup", "--fork", "--mount-proc"];

    test("has its own limit", () => {
      expect(total(inner, ...enter(), "-m", "-p", "-C", ...nest)).toBe(innerLimit);
    });

    test("has the outer limit where its own is larger", () => {
      if (cgroupVersion === 1) writeFileSync(join(inner, "memory.limit_in_bytes"), `${4 * OUTER}`);
      expect(total(inner, ...enter(), "-m", "-p", "-C", ...nest)).toBe(OUTER);
    });

    test("without a cgroup of its own has the outer limit", () => {
      expect(total(memory(), ...enter(), "-m", "-p", "-C", ...nest)).toBe(OUTER);
    });
  });

  test("a first process that moved itself down (Docker in Docker) has what the whole container has", () => {
    const [folder, type] = cgroupVersion === 1 ? ["/memory", "cgroup -o memory"] : ["", "cgroup2"];
    const inside = [
      "sleep 20 & stays=$!",
      "mount -t tmpfs cgroups /sys/fs/cgroup",
      `mkdir -p /sys/fs/cgroup${folder}`,
      `mount -t ${type} cgroup /sys/fs/cgroup${folder}`,
      `mkdir /sys/fs/cgroup${folder}/first`,
      `echo $$ > /sys/fs/cgroup${folder}/first/cgroup.procs`,
      `cat ${mount}/proc/loadavg`,
      "kill $stays",
    ].join("\n");
    const nest = ["unshare", "--mount", "--pid", "--cgroup", "--fork", "--kill-child", "--mount-proc"];
    const script = `echo $$ > ${memory()}/cgroup.procs; exec ${nest.join(" ")} sh -ec "$0"`;
    const first = join(memory(), "first");
    cleanup.add(first, () =>
      waitFor(`${first} is empty`, () => !existsSync(first) || removed(first)).then(() => {}),
    );
    const text = execFileSync("sh", ["-ec", script, inside], { encoding: "utf8", timeout: 20_000 });

    // The container's own sleep, the one that stayed behind, the first process, and cat; unshare itself is outside.
    expect(Number(/\/(\d+) /.exec(text)?.[1])).toBeGreaterThanOrEqual(4);
  });

  testIf(hasTimeNamespaces)("ps has ages and start times right in a time namespace of its own", () => {
    const [uptime = 0] = readFileSync("/proc/uptime", "utf8").split(" ").map(Number);
    const inside = [
      `for file in stat uptime; do mount --bind ${mount}/proc/$file /proc/$file; done`,
      "sleep 1.2",
      "ps -o etimes=,lstart= -p 1",
    ].join("\n");
    const nest = ["--mount", "--pid", "--cgroup", "--time", "--boottime", `-${Math.floor(uptime)}`, "--fork"];
    const script = `echo $$ > ${memory()}/cgroup.procs; exec unshare ${nest.join(" ")} --mount-proc sh -ec "$0"`;
    const begun = Date.now();
    const text = execFileSync("sh", ["-ec", script, inside], {
      encoding: "utf8",
      env: { ...process.env, LC_ALL: "C", TZ: "UTC" },
    });
    const ended = Date.now();
    const [, age = "", start = ""] = /^ *(\d+) (.*)$/m.exec(text) ?? [];

    expect(Number(age)).toBeGreaterThanOrEqual(1);
    expect(Number(age)).toBeLessThanOrEqual((ended - begun) / 1000 + 1);
    // Start times, the boot's and this boot's are of whole seconds.
    expect(Date.parse(`${start} UTC`)).toBeGreaterThan(begun - 3000);
    expect(Date.parse(`${start} UTC`)).toBeLessThan(ended + 1000);
  });

  test("a container with the memory controller alone has its memory, and nobody's disks", () => {
    const argv = [
      "sh",
      "-ec",
      `echo $$ > ${memory()}/cgroup.procs; exec unshare --mount --cgroup cat "$@"`,
      "sh",
    ];
    const read = (name: string): string =>
      execFileSync(argv[0] ?? "", [...argv.slice(1), `${mount}/proc/${name}`], { encoding: "utf8" });

    expect(read("swaps")).toMatch(/^Filename/);
    if (cgroupVersion === 1) expect(read("diskstats")).toBe("");
    expect(read("uptime")).toMatch(/^\d+\.\d\d \d+\.\d\d\n$/);
    expect(read("stat")).toMatch(/^cpu {2}\d+/);
  });
});

function removed(directory: string): true | undefined {
  try {
    rmdirSync(directory);
    return true;
  } catch {
    return undefined;
  }
}
