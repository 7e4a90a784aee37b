import { afterAll, describe, expect, test } from "vitest";
import { loadavg } from "../../../../lxcfs-shim/proc-files/loadavg.ts";
import { meminfo } from "../../../../lxcfs-shim/proc-files/meminfo.ts";
import { stat } from "../../../../lxcfs-shim/proc-files/stat.ts";
import type { ProcFile } from "../../../../lxcfs-shim/proc-files/types.ts";
import { openViewpoints } from "../../../../lxcfs-shim/view/viewpoints.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { FakeHost } from "../../../support/fake-host.ts";
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
