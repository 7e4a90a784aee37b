import { type Mount, parseMountinfo } from "../../core/kernel/proc/mountinfo.ts";
import type { Labels, Series } from "../../core/metrics/series.ts";
import { gauge, point } from "../metric.ts";
import { rememberLast } from "../remember.ts";
import { defineSource, pattern, type SourceKind } from "../source-kind.ts";
import type { FileSystemSpace, SourceContext, WaitsFor } from "./types.ts";

const SIZE = gauge("node_filesystem_size_bytes", "Filesystem size in bytes.");
const FREE = gauge("node_filesystem_free_bytes", "Filesystem free space in bytes.");
const AVAILABLE = gauge(
  "node_filesystem_avail_bytes",
  "Filesystem space available to non-root users in bytes.",
);
const FILES = gauge("node_filesystem_files", "Filesystem total file nodes.");
const FILES_FREE = gauge("node_filesystem_files_free", "Filesystem total free file nodes.");
const READ_ONLY = gauge("node_filesystem_readonly", "Filesystem read-only status.");
const DEVICE_ERROR = gauge(
  "node_filesystem_device_error",
  "Whether an error occurred while getting statistics for the given device.",
);

/** node_exporter's own defaults. */
const EXCLUDED_MOUNT_POINTS =
  /^\/(dev|proc|run\/credentials\/.+|sys|var\/lib\/docker\/.+|var\/lib\/containers\/storage\/.+)($|\/)/;
const EXCLUDED_TYPES =
  /^(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|fusectl|hugetlbfs|iso9660|mqueue|nsfs|overlay|proc|procfs|pstore|rpc_pipefs|securityfs|selinuxfs|squashfs|erofs|sysfs|tracefs)$/;

/** File systems whose figures are in memory, whatever becomes of the disk. */
const IN_MEMORY = /^(ext[234]|tmpfs|ramfs|squashfs|erofs)$/;
/** File systems that ask neither a server nor a process in user space, but perhaps the disk. */
const LOCAL = /^(xfs|btrfs|f2fs|zfs|vfat|exfat|overlay|iso9660)$/;

interface Wanted {
  readonly excludeMountPoints: RegExp;
  readonly excludeTypes: RegExp;
}

/** Space and inodes of what is mounted. A mount that hangs shows `device_error` 1 and costs no other. */
export const filesystem: SourceKind = defineSource({
  name: "filesystem",
  describes: "size, space and inodes of what is mounted, read-only, errors",
  options: {
    excludeMountPoints: pattern(EXCLUDED_MOUNT_POINTS, "not the mount points that match (`/` always counts)"),
    excludeTypes: pattern(EXCLUDED_TYPES, "not the file system types that match"),
  },
  open: (wanted) => {
    const choose = rememberLast((text) => chooseMounts(text, wanted));
    return async (context) => {
      const chosen = choose(await context.read("/proc/self/mountinfo"));
      const points = await Promise.all(chosen.map((mount) => pointsOf(mount, context)));
      return points.flat();
    };
  },
});

interface Chosen {
  readonly mountPoint: string;
  readonly labels: Labels;
  readonly isReadOnly: boolean;
  readonly waitsFor: WaitsFor;
}

function chooseMounts(text: string, wanted: Wanted): readonly Chosen[] {
  const mounts = visible(parseMountinfo(text, "/proc/self/mountinfo"));
  const doubtful = mounts
    .filter(({ type }) => ownWait(type) === "others")
    .map(({ mountPoint }) => mountPoint);
  return mounts
    .filter((mount) => isChosen(mount, wanted))
    .map((mount) => ({
      mountPoint: mount.mountPoint,
      labels: { device: mount.source, mountpoint: mount.mountPoint, fstype: mount.type },
      isReadOnly: isReadOnly(mount),
      // The way to a local file system may lead through one that hangs.
      waitsFor: doubtful.some((point) => isBelow(mount.mountPoint, point)) ? "others" : ownWait(mount.type),
    }));
}

function ownWait(type: string): WaitsFor {
  if (IN_MEMORY.test(type)) return "nobody";
  return LOCAL.test(type) ? "disk" : "others";
}

/** Of several mounts on one point statfs reaches the last: it is the one to be named. */
function visible(mounts: readonly Mount[]): Mount[] {
  return [...new Map(mounts.map((mount) => [mount.mountPoint, mount])).values()];
}

/** Beyond the defaults, `/` always counts: in a container it is an overlay, and the one people ask for. */
function isChosen({ mountPoint, type }: Mount, { excludeMountPoints, excludeTypes }: Wanted): boolean {
  return mountPoint === "/" || !(excludeMountPoints.test(mountPoint) || excludeTypes.test(type));
}

function isBelow(path: string, folder: string): boolean {
  return path.startsWith(folder === "/" ? folder : `${folder}/`);
}

async function pointsOf(
  { mountPoint, labels, isReadOnly, waitsFor }: Chosen,
  { nowMs, statfs }: SourceContext,
): Promise<Series[]> {
  const space = await statfs(mountPoint, waitsFor).catch(() => undefined);
  if (space === undefined) return [point(DEVICE_ERROR, labels, 1, nowMs)];
  return [...spacePoints(space, labels, nowMs), point(READ_ONLY, labels, isReadOnly ? 1 : 0, nowMs)];
}

function spacePoints(space: FileSystemSpace, labels: Labels, nowMs: number): Series[] {
  return [
    point(SIZE, labels, space.blocks * space.bsize, nowMs),
    point(FREE, labels, space.bfree * space.bsize, nowMs),
    point(AVAILABLE, labels, space.bavail * space.bsize, nowMs),
    point(FILES, labels, space.files, nowMs),
    point(FILES_FREE, labels, space.ffree, nowMs),
    point(DEVICE_ERROR, labels, 0, nowMs),
  ];
}

/** The mount may be read-only, or the whole file system. */
function isReadOnly({ options, superOptions }: Mount): boolean {
  return options.includes("ro") || superOptions.includes("ro");
}
