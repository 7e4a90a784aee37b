import { afterAll, expect, test } from "vitest";
import { readContainerId } from "../../../../lxcfs-shim/attach/container-id.ts";
import { AttachHost } from "../../../support/attach-host.ts";
import { Cleanup } from "../../../support/cleanup.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

const host = new AttachHost(cleanup.temporaryFolder());
const [id, inner] = ["4f".repeat(32), "b0".repeat(32)];

test.for([
  ["Docker on cgroupfs", `0::/docker/${id}`, id],
  ["Docker on systemd", `0::/system.slice/docker-${id}.scope`, id],
  ["a pod's on v1", `4:memory:/kubepods/burstable/pod7c/${id}\n0::/`, id],
  ["containerd", `0::/kubepods.slice/kubepods-pod7c.slice/cri-containerd-${id}.scope`, id],
  ["a container in a container", `0::/docker/${id}/docker/${inner}`, inner],
  ["no engine's", "0::/plimsoll/sample", undefined],
  ["longer than an id", `0::/docker/${id}4f`, undefined],
] as const)("%s", ([, cgroup, expected]) => {
  host.inside(10);
  host.write("proc/10/cgroup", `${cgroup}\n`);

  expect(readContainerId(host.root, 10)).toBe(expected);
});

test("a process that is gone", () => {
  expect(readContainerId(host.root, 11)).toBeUndefined();
});
