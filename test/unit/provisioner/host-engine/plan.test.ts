import { expect, test } from "vitest";
import type { EngineInfo } from "../../../../provisioner/host/status.ts";
import {
  type HostEngineSpec,
  type ObservedEngine,
  planHostEngine,
} from "../../../../provisioner/host-engine/plan.ts";

const GIB = 2 ** 30;
const INFO: EngineInfo = { ServerVersion: "20.10.24", Driver: "overlay2", DockerRootDir: "/var/lib/docker" };
const XFS = { type: "xfs", hasProjectQuota: true, couldHaveQuota: true };
const ABSENT = { isDue: false, hasPool: false, canRestart: true };
const HERE: ObservedEngine = { info: INFO, root: XFS, settings: {}, ...ABSENT };
const FILE = { socket: "/run/docker.sock", file: "/etc/docker/daemon.json" };
const SIZED: HostEngineSpec = { ...FILE, rootBytes: 10 * GIB };
const POOLED: HostEngineSpec = { ...SIZED, pool: { group: "host-data", name: "docker", bytes: 100 * GIB } };

const problem = (observed: ObservedEngine, spec: HostEngineSpec): string | undefined =>
  planHostEngine(observed, spec).problems[0]?.message;
const withInfo = (changes: Partial<EngineInfo>): ObservedEngine => ({
  ...HERE,
  info: { ...INFO, ...changes },
});

test("overlay2 on XFS with project quota: a size for every container, and then nothing to do", () => {
  const { changes, problems } = planHostEngine({ ...HERE, settings: { "log-level": "warn" } }, SIZED);
  const settings = {
    "log-level": "warn",
    "storage-driver": "overlay2",
    "storage-opts": [`overlay2.size=${10 * GIB}`],
  };

  expect(problems).toEqual([]);
  expect(changes).toEqual([{ kind: "configure", ...FILE, driver: "overlay2", settings }]);
  expect(planHostEngine({ ...HERE, settings }, SIZED)).toEqual({ changes: [], problems: [] });
});

test("options of others stay, one of ours takes the place of its former self", () => {
  const settings = { "storage-opts": ["overlay2.size=1G", "overlay2.override_kernel_check=true"] };
  const [change] = planHostEngine({ ...HERE, settings }, SIZED).changes;

  expect(change).toMatchObject({
    settings: { "storage-opts": ["overlay2.override_kernel_check=true", `overlay2.size=${10 * GIB}`] },
  });
});

test("options of another driver go: no engine starts with those", () => {
  const settings = { "storage-opts": ["overlay2.override_kernel_check=true", "dm.fs=ext4"] };
  const [change] = planHostEngine({ ...HERE, hasPool: true, settings }, POOLED).changes;

  expect(change).toMatchObject({
    settings: { "storage-opts": expect.not.arrayContaining(["overlay2.override_kernel_check=true"]) },
  });
  expect(change).toMatchObject({ settings: { "storage-opts": expect.arrayContaining(["dm.fs=ext4"]) } });
});

test("settings that the engine was never started with are not what is wanted yet", () => {
  const settingsFor = (spec: HostEngineSpec): ObservedEngine["settings"] => {
    const change = planHostEngine({ ...HERE, hasPool: true }, spec).changes[0];
    return change?.kind === "configure" ? change.settings : {};
  };
  const sized = { ...HERE, settings: settingsFor(SIZED) };
  const pooled = { ...HERE, hasPool: true, settings: settingsFor(POOLED) };

  expect(planHostEngine(sized, SIZED).changes).toEqual([]);
  expect(planHostEngine({ ...sized, isDue: true }, SIZED).changes).toMatchObject([{ kind: "configure" }]);
  expect(planHostEngine(pooled, POOLED).changes).toMatchObject([{ kind: "configure" }]);
  expect(planHostEngine({ ...sized, isDue: true, canRestart: false }, SIZED).problems).toHaveLength(1);
  expect(planHostEngine({ ...sized, isDue: true, info: undefined }, SIZED).problems).toMatchObject([
    { hint: "/etc/docker/daemon.json.former is what it was started with" },
  ]);
});

test("an engine that has devicemapper, and holds nothing yet, gets a thin pool", () => {
  const { changes, problems } = planHostEngine(HERE, POOLED);

  expect(problems).toEqual([]);
  expect(changes).toMatchObject([
    { kind: "createPool", group: "host-data", name: "docker", bytes: 100 * GIB },
    {
      kind: "configure",
      driver: "devicemapper",
      settings: {
        "storage-driver": "devicemapper",
        "storage-opts": [
          "dm.thinpooldev=/dev/mapper/host--data-docker",
          "dm.use_deferred_removal=true",
          "dm.use_deferred_deletion=true",
          `dm.basesize=${10 * GIB}`,
        ],
      },
    },
  ]);
  expect(planHostEngine({ ...HERE, hasPool: true }, POOLED).changes.map(({ kind }) => kind)).toEqual([
    "configure",
  ]);
});

test.for([
  ["does not answer", { ...HERE, info: undefined }, SIZED],
  ["has no limit of its own", { ...HERE, root: { ...XFS, hasProjectQuota: false } }, SIZED],
  ["btrfs has no limit that holds for every container", withInfo({ Driver: "btrfs" }), SIZED],
  ["containerd's image store takes none", withInfo({ Driver: "overlayfs" }), SIZED],
  ["Docker 28.2.2 has no devicemapper", withInfo({ ServerVersion: "28.2.2" }), POOLED],
  ["not see the 2 containers and 3 images", withInfo({ Containers: 2, Images: 3 }), POOLED],
  ["4 containers run, and a restart", withInfo({ Containers: 4, ContainersRunning: 4 }), SIZED],
  ["no systemd here", { ...HERE, canRestart: false }, SIZED],
] as const)("refused: %s", ([message, observed, spec]) => {
  expect(problem(observed, spec)).toContain(message);
});

test("containers that go on while the engine is started again are in nobody's way", () => {
  const running = { Containers: 4, ContainersRunning: 4, LiveRestoreEnabled: true };

  expect(problem(withInfo(running), SIZED)).toBeUndefined();
});

test("what is as wanted needs no restart, whatever runs", () => {
  const [change] = planHostEngine(HERE, SIZED).changes;
  const settings = change?.kind === "configure" ? change.settings : {};

  expect(planHostEngine({ ...withInfo({ ContainersRunning: 4 }), settings }, SIZED).problems).toEqual([]);
});
