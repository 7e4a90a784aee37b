import { afterEach, expect, test } from "vitest";
import {
  checkDocker,
  findFolderMount,
  findRootStorage,
} from "../../../../../provisioner/host/checks/docker.ts";
import { checkContext, kernelFiles } from "../../../../support/check-context.ts";
import { Cleanup } from "../../../../support/cleanup.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const engine = (Driver: string, DriverStatus: readonly (readonly [string, string])[] = []) => ({
  ServerVersion: "20.10.24",
  Driver,
  DriverStatus,
  DockerRootDir: "/var/lib/docker",
});
const xfs = { type: "xfs", hasProjectQuota: true, couldHaveQuota: true };

test.for([
  ["overlay2 on XFS with quota", engine("overlay2"), xfs, "ok", undefined],
  ["on XFS without", engine("overlay2"), { ...xfs, hasProjectQuota: false }, "note", "mounted with pquota"],
  [
    "on a kernel without",
    engine("overlay2"),
    { ...xfs, type: "ext4", couldHaveQuota: false },
    "note",
    "no XFS quota",
  ],
  ["containerd's store", engine("overlayfs"), xfs, "note", "containerd-snapshotter"],
  ["direct-lvm", engine("devicemapper", [["Pool Name", "docker-thinpool"]]), xfs, "ok", undefined],
  ["loop-lvm", engine("devicemapper", [["Data loop file", "/data"]]), xfs, "wrong", "dm.thinpooldev"],
  ["btrfs", engine("btrfs"), undefined, "ok", undefined],
  ["vfs", engine("vfs"), undefined, "wrong", "use overlay2"],
] as const)("%s", ([, info, mount, state, hint]) => {
  const found = findRootStorage(info, mount);

  expect(found.state).toBe(state);
  if (hint === undefined) expect(found.hint).toBeUndefined();
  else expect(found.hint).toContain(hint);
});

const MOUNTS = `22 1 8:1 / / rw - ext4 /dev/sda1 rw
30 22 8:2 / /var/lib rw shared:1 - ext4 /dev/sda2 rw
31 30 8:3 / /var/lib/docker rw - xfs /dev/sdb rw,attr2,prjquota
32 22 8:4 / /var/lib/dock rw - btrfs /dev/sdc rw
`;

test("the mount that has a folder", () => {
  const root = kernelFiles(cleanup, { "proc/self/mountinfo": MOUNTS, "proc/fs/xfs/xqm": "" });

  expect(findFolderMount(root, "/var/lib/docker")).toEqual(xfs);
  expect(findFolderMount(root, "/var/lib/docker2")).toEqual({ ...xfs, type: "ext4", hasProjectQuota: false });
  expect(findFolderMount(root, "/srv")).toMatchObject({ type: "ext4" });
});

test("an engine that does not answer, and one that does", async () => {
  const status = checkContext({}).status;
  expect(await checkDocker(checkContext({}))).toEqual([{ state: "wrong", what: "not there" }]);

  const root = kernelFiles(cleanup, { "proc/self/mountinfo": MOUNTS });
  const findings = await checkDocker(
    checkContext({ root, status: { ...status, docker: engine("overlay2") } }),
  );
  expect(findings.map(({ state }) => state)).toEqual(["ok", "ok"]);
});
