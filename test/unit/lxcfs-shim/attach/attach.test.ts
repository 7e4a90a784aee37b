import { afterAll, expect, test } from "vitest";
import { PlimsollError } from "../../../../core/runtime/errors.ts";
import {
  hasFailed,
  parseSelection,
  renderAttachment,
  type Treatment,
  treatContainers,
} from "../../../../lxcfs-shim/attach/attach.ts";
import type { DockerEngine } from "../../../../lxcfs-shim/attach/docker-engine.ts";
import { AttachHost, HOST_MOUNTINFO } from "../../../support/attach-host.ts";
import { Cleanup } from "../../../support/cleanup.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

const ID = "4f".repeat(32);
const PLACED = [{ path: "/proc/meminfo", outcome: "placed" }] as const;

const docker: DockerEngine = {
  running: async () => [{ id: ID, name: "web" }],
  initPid: async () => 10,
  starts: async function* () {},
};
function start() {
  const host = new AttachHost(cleanup.temporaryFolder());
  host.inside(10, { startTicks: 1, cgroup: `/docker/${ID}` });
  host.inside(11, { startTicks: 2 });
  host.inside(12, { startTicks: 3, pidNamespace: 1 }, HOST_MOUNTINFO); // a service with mounts of its own
  const treated: number[] = [];
  const treatment: Treatment = async ({ pid }) => {
    treated.push(pid);
    return PLACED;
  };
  return { root: host.root, treated, treatment };
}

test.each(["nobody", "0", "-1", "docker:", "99999999999"])("%j is no container", (name) => {
  expect(() => parseSelection({ named: [name], all: false })).toThrow(
    `${JSON.stringify(name)} is not a container`,
  );
});

test("by pid and by Docker's name", async () => {
  const { root, treatment } = start();

  expect(
    await treatContainers({ named: ["11", "docker:web"], all: false }, treatment, {
      root,
      docker,
      dockerOnly: false,
    }),
  ).toEqual([
    { pid: 11, files: PLACED },
    { pid: 10, container: "web", files: PLACED },
  ]);
});

test("all of them, and no service of the host's", async () => {
  const { root, treatment } = start();

  expect(
    await treatContainers({ named: [], all: true }, treatment, { root, docker, dockerOnly: false }),
  ).toEqual([
    { pid: 10, container: "web", files: PLACED },
    { pid: 11, files: PLACED },
  ]);
});

test("one of all that fails costs the others nothing", async () => {
  const { root, treatment } = start();
  const failing: Treatment = (container) =>
    container.pid === 10 ? Promise.reject(new PlimsollError("ATTACH", "no")) : treatment(container);

  const [first, second] = await treatContainers({ named: [], all: true }, failing, {
    root,
    docker,
    dockerOnly: false,
  });

  expect(first).toEqual({ pid: 10, container: "web", files: [], error: "no" });
  expect(second?.files).toEqual(PLACED);
});

test.for([
  [[], false, "no container named"],
  [["10"], true, "containers are named, and --all"],
  [["web"], false, '"web" is not a container'],
  [["0"], false, '"0" is not a container'],
  [["99"], false, "process 99: there is none"],
  [["12"], false, "process 12 is not in a container"],
] as const)("%s, all %s: %s", async ([named, all, message]) => {
  const { root, treatment, treated } = start();

  await expect(
    treatContainers({ named, all }, treatment, { root, docker, dockerOnly: false }),
  ).rejects.toThrow(message);
  expect(treated).toEqual([]);
});

test("told in lines: the sums, and what a reader may wonder about", () => {
  const files = [
    { path: "/proc/meminfo", outcome: "placed" },
    { path: "/proc/uptime", outcome: "placed" },
    { path: "/proc/stat", outcome: "covered" },
    { path: "/proc/swaps", outcome: "failed", why: "Permission denied" },
  ] as const;

  expect(renderAttachment({ pid: 10, container: "web", files })).toBe(
    "10 web: 2 placed, 1 covered, 1 failed\n  covered /proc/stat\n  failed /proc/swaps: Permission denied\n",
  );
  expect(renderAttachment({ pid: 10, files: [] })).toBe("10: nothing to do\n");
  expect(renderAttachment({ pid: 10, files: [], error: "no" })).toBe("10: no\n");
  expect(hasFailed({ pid: 10, files })).toBe(true);
  expect(hasFailed({ pid: 10, files: PLACED })).toBe(false);
});
