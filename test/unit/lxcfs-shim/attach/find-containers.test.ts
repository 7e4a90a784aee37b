import { afterAll, expect, test } from "vitest";
import { NotFoundError, PlimsollError } from "../../../../core/runtime/errors.ts";
import { readHostMounts } from "../../../../lxcfs-shim/attach/container-process.ts";
import type { DockerEngine } from "../../../../lxcfs-shim/attach/docker-engine.ts";
import { findContainers, scanMountNamespaces } from "../../../../lxcfs-shim/attach/find-containers.ts";
import { AttachHost } from "../../../support/attach-host.ts";
import { Cleanup } from "../../../support/cleanup.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

test("the oldest running process of each mount namespace but the host's, oldest first", () => {
  const host = new AttachHost(cleanup.temporaryFolder());
  host.process(50);
  host.inside(61, { mountNamespace: 6, startTicks: 300 });
  host.inside(60, { mountNamespace: 6, startTicks: 400 });
  host.inside(62, { mountNamespace: 6, startTicks: 100, state: "Z" });
  host.inside(70, { mountNamespace: 7, startTicks: 200 });
  host.process(80, { mountNamespace: 8 });
  host.remove("proc/80/stat");

  expect(scanMountNamespaces(host.root, readHostMounts(host.root))).toEqual([70, 61]);
});

const [WEB, OTHER] = ["4f".repeat(32), "b0".repeat(32)];

const docker: DockerEngine = {
  running: async () => [
    { id: WEB, name: "web" },
    { id: "ended", name: "ended" },
  ],
  initPid: (id) => (id === WEB ? Promise.resolve(10) : Promise.reject(new NotFoundError("does not run"))),
  starts: async function* () {},
};
const noDocker: DockerEngine = {
  ...docker,
  running: () => Promise.reject(new PlimsollError("DOCKER", "no engine answers")),
};

function find(engine: DockerEngine, dockerOnly: boolean) {
  const host = new AttachHost(cleanup.temporaryFolder());
  host.inside(10, { startTicks: 1, cgroup: `/docker/${WEB}` });
  host.inside(11, { startTicks: 2, cgroup: `/kubepods/${OTHER}` });
  host.inside(12, { startTicks: 3 });
  return findContainers({ root: host.root, docker: engine, dockerOnly }, readHostMounts(host.root));
}

test("Docker's go by their names, others by their ids, those of no engine by their pid", async () => {
  expect(await find(docker, false)).toEqual([
    { pid: 10, container: "web" },
    { pid: 11, container: "b0b0b0b0b0b0" },
    { pid: 12 },
  ]);
});

test("without Docker all go by their ids", async () => {
  expect(await find(noDocker, false)).toContainEqual({ pid: 10, container: "4f4f4f4f4f4f" });
});

test("Docker's only", async () => {
  expect(await find(docker, true)).toEqual([{ pid: 10, container: "web" }]);
  await expect(find(noDocker, true)).rejects.toThrow("no engine answers");
});
