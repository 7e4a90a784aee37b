import { type Mount, parseMountinfo } from "../../core/kernel/proc/mountinfo.ts";
import type { Labels, Series } from "../../core/metrics/series.ts";
import { gauge, point } from "../metric.ts";
import type { FileSystemSpace, Source, SourceContext } from "./types.ts";

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

/** Space and inodes of what is mounted. A mount that hangs shows `device_error` 1 and costs no other. */
export const filesystem: Source = {
  name: "filesystem",
  sample: async (context) => {
    const mounts = parseMountinfo(await context.read("/proc/self/mountinfo"), "/proc/self/mountinfo");
    const points = await Promise.all(
      visible(mounts)
        .filter(isWanted)
        .map((mount) => pointsOf(mount, context)),
    );
    return points.flat();
  },
};

/** Of several mounts on one point statfs reaches the last: it is the one to be named. */
function visible(mounts: readonly Mount[]): Mount[] {
  return [...new Map(mounts.map((mount) => [mount.mountPoint, mount])).values()];
}

/** Beyond the defaults, `/` always counts: in a container it is an overlay, and the one people ask for. */
function isWanted({ mountPoint, type }: Mount): boolean {
  return mountPoint === "/" || !(EXCLUDED_MOUNT_POINTS.test(mountPoint) || EXCLUDED_TYPES.test(type));
}

async function pointsOf(mount: Mount, { nowMs, statfs }: SourceContext): Promise<Series[]> {
  const labels = { device: mount.source, mountpoint: mount.mountPoint, fstype: mount.type };
  const space = await statfs(mount.mountPoint).catch(() => undefined);
  if (space === undefined) return [point(DEVICE_ERROR, labels, 1, nowMs)];
  return [...spacePoints(space, labels, nowMs), point(READ_ONLY, labels, isReadOnly(mount) ? 1 : 0, nowMs)];
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
