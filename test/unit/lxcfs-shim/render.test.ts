import { afterAll, describe, expect, test } from "vitest";
import { PlimsollError, UsageError } from "../../../core/runtime/errors.ts";
import { PROC_FILES } from "../../../lxcfs-shim/proc-files/index.ts";
import { renderFiles } from "../../../lxcfs-shim/render.ts";
import { DEFAULT_VIEW_OPTIONS } from "../../../lxcfs-shim/view/view-options.ts";
import { Cleanup } from "../../support/cleanup.ts";
import { FakeHost } from "../../support/fake-host.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

const host = new FakeHost(cleanup.temporaryFolder());
host.cgroup("/web", { "cgroup.procs": "41\n", "memory.max": "268435456\n" });
host.process(41, { cgroupNamespace: 2, pidNamespace: 2, cgroup: "/web", nsPids: [41, 1] });
host.process(99);

function render(pid: string, ...names: readonly string[]): string {
  return renderFiles(names, { pid }, undefined, host.root);
}

test("one file is its text and nothing else", () => {
  expect(render("41", "uptime")).toBe("500.00 1970.00\n");
  expect(render("41", "/proc/uptime")).toBe("500.00 1970.00\n");
});

test("several have their names before them, no name is all", () => {
  expect(render("41", "uptime", "loadavg")).toBe(
    "==> /proc/uptime <==\n500.00 1970.00\n\n==> /proc/loadavg <==\n0.00 0.00 0.00 1/1 1\n\n",
  );
  expect(render("41").match(/^==> .* <==$/gm)).toHaveLength(PROC_FILES.length);
});

describe("--explain", () => {
  const explain = (pid: string, ...names: readonly string[]): string =>
    renderFiles(names, { pid, explain: true }, undefined, host.root);

  test("names the container, and what of each file is not its own", () => {
    const lines = explain("41", "meminfo", "uptime").split("\n");

    expect(lines[0]).toBe("container of process 41, cgroup /web");
    expect(lines[1]).toBe("/proc/meminfo: partial");
    expect(lines.find((line) => line.includes("Slab"))).toMatch(/^ {2}not the container's: /);
    expect(lines).toContain("/proc/uptime: virtual");
  });

  test("says so of a process of the host", () => {
    expect(explain("99", "uptime")).toMatch(
      /^process of the host\n\/proc\/uptime: host\n.*\n {2}because: the caller is the host's\n$/,
    );
  });
});

test("what the operator has chosen holds here as well", () => {
  const viewOptions = { ...DEFAULT_VIEW_OPTIONS, hostFiles: ["loadavg"] };

  expect(renderFiles(["loadavg"], { pid: "41" }, viewOptions, host.root)).toBe(
    "9.00 9.00 9.00 9/999 99999\n",
  );
});

test.for(["x", "0", "-1", "1.5", ""])("%j is no process", (pid) => {
  expect(() => render(pid)).toThrow(UsageError);
});

test("a file there is not, a process there is not", () => {
  expect(() => render("41", "version")).toThrow(/no virtual file "version"/);
  expect(() => render("4711")).toThrow(PlimsollError);
});
