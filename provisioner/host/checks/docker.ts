import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Finding } from "../../../core/runtime/finding.ts";
import type { EngineInfo } from "../status.ts";
import { type Check, wrong } from "./finding.ts";

/** Whether a machine's own system, which is not on its data disk, can be kept from filling the host. */
export const checkDocker: Check = ({ root, status: { docker } }) => {
  if (docker.problem !== undefined) return [wrong(docker)];
  return [
    { state: "ok", what: `Docker ${docker.ServerVersion}` },
    findRootStorage(docker, findFolderMount(root, docker.DockerRootDir)),
  ];
};

/** The file system that has a folder, and whether projects can have a quota on it. */
export interface FolderMount {
  readonly type: string;
  readonly hasProjectQuota: boolean;
  /** XFS of this kernel can have quota at all. */
  readonly couldHaveQuota: boolean;
}

export function findRootStorage(info: EngineInfo, mount: FolderMount | undefined): Finding {
  const { Driver, DockerRootDir } = info;
  const unlimited = `Docker's ${Driver} in ${DockerRootDir}: what a machine writes outside /data has no limit of its own`;
  switch (Driver) {
    case "overlay2":
      return findOverlay(unlimited, mount);
    case "overlayfs":
      return {
        state: "note",
        what: `${unlimited}; containerd's image store takes none`,
        hint: '"features": {"containerd-snapshotter": false} in daemon.json brings overlay2 back',
      };
    case "devicemapper":
      return findDeviceMapper(info.DriverStatus ?? []);
    case "btrfs":
    case "zfs":
      return { state: "ok", what: `Docker's ${Driver} can limit what a machine writes outside /data` };
    default:
      return { state: "wrong", what: `${unlimited}, and every image is copied`, hint: "use overlay2" };
  }
}

function findOverlay(unlimited: string, mount: FolderMount | undefined): Finding {
  if (mount?.type === "xfs" && mount.hasProjectQuota)
    return {
      state: "ok",
      what: "Docker's overlay2, on XFS with project quota, can limit what a machine writes outside /data",
    };
  const hint = mount?.couldHaveQuota
    ? "put Docker's folder on XFS mounted with pquota"
    : "this kernel has no XFS quota: a file system of its own for Docker's folder protects the host";
  return { state: "note", what: unlimited, hint };
}

/** Gone with Docker 25. On files, as it is unless told, it is slow, and loses data when they fill. */
function findDeviceMapper(status: readonly (readonly string[])[]): Finding {
  if (!status.some(([name]) => name === "Data loop file"))
    return {
      state: "ok",
      what: "Docker's devicemapper, on a thin pool (direct-lvm), limits what a machine writes outside /data",
    };
  return {
    state: "wrong",
    what: "Docker's devicemapper on files (loop-lvm)",
    hint: "give it a thin pool, dm.thinpooldev in daemon.json, or use overlay2",
  };
}

/** Of the mounts that the folder is below, the one with the longest path; of those, the last (proc_pid_mountinfo(5)). */
export function findFolderMount(root: string, folder: string): FolderMount | undefined {
  const lines = readFileSync(join(root, "proc/self/mountinfo"), "utf8").trimEnd().split("\n");
  const above = lines.flatMap((line) => {
    const [fields = "", source = ""] = line.split(" - ");
    const path = fields.split(" ")[4] ?? "";
    const [type = "", , options = ""] = source.split(" ");
    return `${folder}/`.startsWith(path === "/" ? path : `${path}/`) ? [{ path, type, options }] : [];
  });
  const mount = above.toSorted((a, b) => a.path.length - b.path.length).at(-1);
  if (mount === undefined) return undefined;
  return {
    type: mount.type,
    hasProjectQuota: mount.options.split(",").some((option) => option === "prjquota" || option === "pquota"),
    couldHaveQuota: existsSync(join(root, "proc/fs/xfs/xqm")),
  };
}
