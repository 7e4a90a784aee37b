import { readFileSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import { cpuinfo } from "../../../../lxcfs-shim/proc-files/cpuinfo.ts";
import { loadavg } from "../../../../lxcfs-shim/proc-files/loadavg.ts";
import { meminfo } from "../../../../lxcfs-shim/proc-files/meminfo.ts";
import { stat } from "../../../../lxcfs-shim/proc-files/stat.ts";
import type { ProcFile } from "../../../../lxcfs-shim/proc-files/types.ts";
import { openViewpoints } from "../../../../lxcfs-shim/view/viewpoints.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { FakeHost } from "../../../support/fake-host.ts";
import { fixtureRoot } from "../../../support/fixture-hosts.ts";
import { ManualClock } from "../../../support/manual-clock.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

function openOn() {
  const host = new FakeHost(cleanup.temporaryFolder());
  host.cgroup("/web", { "cgroup.procs": "41\n", "memory.max": "268435456\n" });
  host.process(41, { cgroupNamespace: 2, pidNamespace: 2, cgroup: "/web", nsPids: [41, 1] });
  host.process(99);
  const viewpoints = openViewpoints({ root: host.root, clock: new ManualClock() });
  const render = (file: ProcFile, pid: number) => viewpoints.render(file, viewpoints.of(pid));
  return { host, viewpoints, render };
}

test("a container's process reads its container, the host's reads the host", () => {
  const { host, render } = openOn();
  const inside = render(meminfo, 41);
  const outside = render(meminfo, 99);

  expect(inside).toMatchObject({
    kind: "text",
    text: expect.stringContaining("MemTotal:         262144 kB"),
  });
  expect(outside).toMatchObject({
    kind: "text",
    text: expect.stringContaining("MemTotal:        4194304 kB"),
  });
  expect(outside.kind === "text" && outside.status()).toEqual({
    state: "host",
    reason: "the caller is the host's",
  });
  host.kill(41);
  expect(render(meminfo, 41).kind).toBe("gone");
});

test("a caller of the personality Linux32 has the cpuinfo of such, of its own CPUs", () => {
  const root = fixtureRoot("arm64");
  const host = new FakeHost(cleanup.temporaryFolder());
  host.cgroup("/web", {
    "cgroup.procs": "41\n",
    "cpuset.cpus.effective": "2-3\n",
    "cpu.max": "100000 100000\n",
  });
  for (const pid of [41, 42])
    host.process(pid, { cgroupNamespace: 2, pidNamespace: 2, cgroup: "/web", nsPids: [pid, pid - 40] });
  host.write("proc/cpuinfo", readFileSync(root.proc("cpuinfo"), "utf8"));
  host.write("proc/42/personality", readFileSync(root.proc("1204/personality"), "utf8"));
  const linux32Cpuinfo = readFileSync(fixtureRoot("arm64/linux32").proc("cpuinfo"), "utf8");
  const viewpoints = openViewpoints({ root: host.root, clock: new ManualClock(), linux32Cpuinfo });
  const features = (pid: number): string | undefined => {
    const rendered = viewpoints.render(cpuinfo, viewpoints.of(pid));
    return rendered.kind === "text"
      ? rendered.text.replaceAll(/^(?!processor|Features).*\n/gm, "")
      : undefined;
  };

  expect(features(41)).toBe("processor\t: 2\nFeatures\t: fp asimd evtstrm aes pmull sha1 sha2 crc32 cpuid\n");
  expect(features(42)).toMatch(/^processor\t: 2\nFeatures\t: half thumb .* crc32\n$/);
});

describe("a container that ends while its file is read", () => {
  const dyingFile = (host: FakeHost, file: ProcFile): ProcFile => ({
    ...file,
    render: (view, text) => {
      host.kill(41);
      host.remove("sys/fs/cgroup/web");
      return file.render(view, text);
    },
  });

  test.for([meminfo, stat, loadavg])("is not shown the host's $path", (file) => {
    const { host, viewpoints } = openOn();

    expect(viewpoints.render(dyingFile(host, file), viewpoints.of(41))).toEqual({
      kind: "gone",
      reason: "the container ended",
    });
  });

  test("an error by then is the same", () => {
    const { host, viewpoints } = openOn();
    const failing = dyingFile(host, {
      ...meminfo,
      render: () => {
        throw new Error("half a file");
      },
    });

    expect(viewpoints.render(failing, viewpoints.of(41))).toMatchObject({ kind: "gone" });
  });
});

test("an error that the container has no part in is ours", () => {
  const { viewpoints } = openOn();
  const failing: ProcFile = {
    ...meminfo,
    render: () => {
      throw new Error("ours");
    },
  };

  expect(() => viewpoints.render(failing, viewpoints.of(41))).toThrow("ours");
});

test("a container that lives without a memory cgroup is told so", () => {
  const { host, render } = openOn();
  host.remove("sys/fs/cgroup/web");
  const rendered = render(meminfo, 41);

  expect(rendered.kind === "text" && rendered.status()).toEqual({
    state: "host",
    reason: "no memory cgroup of its own or above it",
  });
});
