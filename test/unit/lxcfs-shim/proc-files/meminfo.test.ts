import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseMeminfo } from "../../../../core/kernel/proc/meminfo.ts";
import { meminfo } from "../../../../lxcfs-shim/proc-files/meminfo.ts";
import type { MemoryView } from "../../../../lxcfs-shim/proc-files/types.ts";
import { anyMemory, hostText, viewOf } from "../../../support/container-view.ts";

const MIB = 1024 * 1024;

const HOST = [
  "MemTotal:       24684084 kB",
  "MemFree:        23846868 kB",
  "MemAvailable:   24202808 kB",
  "Buffers:            6784 kB",
  "Cached:           543056 kB",
  "Active:            85396 kB",
  "Active(anon):       1568 kB",
  "SwapTotal:       2097148 kB",
  "SwapFree:        2097148 kB",
  "Slab:              62548 kB",
  "KernelStack:        1676 kB",
  "NewInLinux9:          12 kB",
  "VmallocTotal:   34359738367 kB",
  "HugePages_Total:       3",
  "",
].join("\n");

const host = hostText({ meminfo: HOST });

function memory(changes: Partial<MemoryView> = {}): MemoryView {
  return { totalBytes: 512 * MIB, usageBytes: 100 * MIB, roomBytes: 412 * MIB, detail: {}, ...changes };
}

function lines(changes?: Partial<MemoryView>, text = host): Readonly<Record<string, string>> {
  const rendered = meminfo.render(viewOf({ memory: memory(changes) }), text);
  return Object.fromEntries(rendered.split("\n").map((line) => [line.split(":")[0], line]));
}

function kibibytes(rendered: string, name: string): number {
  return (parseMeminfo(rendered).get(name)?.value ?? Number.NaN) / 1024;
}

describe("a line", () => {
  test("keeps the kernel's columns", () => {
    const figures = lines({ detail: { activeAnonBytes: 4096, activeFileBytes: 8192 } });

    expect(figures.MemTotal).toBe("MemTotal:         524288 kB");
    expect(figures["Active(anon)"]).toBe("Active(anon):          4 kB");
    expect(figures.Active).toBe("Active:               12 kB");
  });

  test("that nobody knows passes through, and so does a count of huge pages", () => {
    const figures = lines();

    expect(figures.NewInLinux9).toBe("NewInLinux9:          12 kB");
    expect(figures.HugePages_Total).toBe("HugePages_Total:       3");
    expect(figures.VmallocTotal).toBe("VmallocTotal:   34359738367 kB");
  });

  test("that tools subtract from the total is 0 when the cgroup does not count it, others are the host's", () => {
    const figures = lines();

    expect(figures.Slab).toBe("Slab:                  0 kB");
    expect(figures.Cached).toBe("Cached:                0 kB");
    expect(figures.Buffers).toBe("Buffers:               0 kB");
    expect(figures.KernelStack).toBe("KernelStack:        1676 kB");
  });
});

describe("what is left", () => {
  test("used is what docker stats shows: usage without the inactive page cache", () => {
    const text = meminfo.render(
      viewOf({ memory: memory({ detail: { inactiveFileBytes: 30 * MIB } }) }),
      host,
    );

    expect(kibibytes(text, "MemFree")).toBe(412 * 1024);
    expect(kibibytes(text, "MemTotal") - kibibytes(text, "MemAvailable")).toBe(70 * 1024);
  });

  test("an ancestor with less room caps what is free", () => {
    const text = meminfo.render(
      viewOf({ memory: memory({ roomBytes: 10 * MIB, detail: { inactiveFileBytes: MIB } }) }),
      host,
    );

    expect(kibibytes(text, "MemFree")).toBe(10 * 1024);
    expect(kibibytes(text, "MemAvailable")).toBe(11 * 1024);
  });

  test("a host with less left caps both", () => {
    const text = meminfo.render(
      viewOf({ memory: memory() }),
      hostText({ meminfo: HOST.replace("24202808", "  102400") }),
    );

    expect(kibibytes(text, "MemAvailable")).toBe(102_400);
    expect(kibibytes(text, "MemFree")).toBe(102_400);
  });

  test("a limit lowered below the usage leaves nothing", () => {
    expect(lines({ usageBytes: 600 * MIB, roomBytes: 0 }).MemFree).toBe("MemFree:               0 kB");
  });
});

describe("swap", () => {
  test("is the container's", () => {
    const figures = lines({ swap: { totalBytes: 256 * MIB, usedBytes: 6 * MIB } });

    expect(figures.SwapTotal).toBe("SwapTotal:        262144 kB");
    expect(figures.SwapFree).toBe("SwapFree:         256000 kB");
  });

  test("is not there without swap accounting", () => {
    expect(lines().SwapTotal).toBe("SwapTotal:             0 kB");
    expect(lines().SwapFree).toBe("SwapFree:              0 kB");
  });
});

test("without a memory cgroup the file is the host's", () => {
  expect(meminfo.render(viewOf({}), host)).toBe(HOST);
  expect(meminfo.underived?.(viewOf({}))).toEqual([]);
});

test("names the lines this kernel's cgroups do not count", () => {
  expect(meminfo.underived?.(viewOf({ memory: memory() }))).toContain("KernelStack");
  expect(meminfo.underived?.(viewOf({ memory: memory({ detail: { kernelStackBytes: 1 } }) }))).not.toContain(
    "KernelStack",
  );
});

test("whatever the figures: 0 ≤ MemFree ≤ MemAvailable ≤ MemTotal, 0 ≤ SwapFree ≤ SwapTotal", () => {
  fc.assert(
    fc.property(anyMemory, (figures) => {
      const text = meminfo.render(viewOf({ memory: figures }), host);
      const [free, available, total, swapFree, swapTotal] = [
        "MemFree",
        "MemAvailable",
        "MemTotal",
        "SwapFree",
        "SwapTotal",
      ].map((name) => kibibytes(text, name)) as [number, number, number, number, number];

      expect(free).toBeGreaterThanOrEqual(0);
      expect(available).toBeGreaterThanOrEqual(free);
      expect(total).toBeGreaterThanOrEqual(available);
      expect(swapFree).toBeGreaterThanOrEqual(0);
      expect(swapTotal).toBeGreaterThanOrEqual(swapFree);
    }),
  );
});
