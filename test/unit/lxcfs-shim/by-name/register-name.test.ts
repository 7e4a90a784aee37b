import { afterAll, expect, test } from "vitest";
import { openNames } from "../../../../lxcfs-shim/by-name/names.ts";
import { cgroupText, describeNames } from "../../../../lxcfs-shim/by-name/register-name.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { FakeHost } from "../../../support/fake-host.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

test("a process' cgroup, without the one its systemd has made for itself", () => {
  const host = new FakeHost(cleanup.temporaryFolder());
  host.process(41, { cgroup: "/lxc.payload.web/init.scope" });

  expect(cgroupText(host.root, { pid: 41 })).toBe("0::/lxc.payload.web\n");
  expect(() => cgroupText(host.root, { pid: 42 })).toThrow("no process 42");
});

test("a path, on every hierarchy of the host", () => {
  const host = new FakeHost(cleanup.temporaryFolder());
  host.write("proc/self/cgroup", "4:cpu,cpuacct:/user\n2:name=systemd:/user\n1:memory:/\n0::/\n");

  expect(cgroupText(host.root, { cgroup: "/web" })).toBe(
    "1:cpu:/web\n2:cpuacct:/web\n3:memory:/web\n0::/web\n",
  );
  for (const cgroup of ["web", "", "/a/../b", "/..", "/a\n0::/b"]) {
    expect(() => cgroupText(host.root, { cgroup }), cgroup).toThrow(/is not a path/);
  }
});

test("the list says where each runs", () => {
  const names = openNames(cleanup.temporaryFolder());
  names.register("web", "1:memory:/docker/1\n2:pids:/\n0::/\n");
  names.register("all", "0::/\n");

  expect(describeNames(names)).toBe("all /\nweb /docker/1\n");
});
