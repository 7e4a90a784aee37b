import { readFileSync } from "node:fs";
import type { HostRoot } from "../../core/kernel/host-root.ts";
import { readMountinfo } from "../../core/kernel/proc/mountinfo.ts";
import { packageVersion } from "../../core/runtime/version.ts";
import type { ReadFigures, ReadStatistics } from "../file-system/read-statistics.ts";
import type { ServedMount } from "../serve-mount.ts";
import type { ShimStatus } from "./status.ts";

/** What a server knows of itself. */
export interface Self {
  readonly root: HostRoot;
  readonly mount: ServedMount;
  /** Undefined without one. */
  readonly holder: number | undefined;
  readonly freshnessMs: number;
  readonly statistics: ReadStatistics;
  /** Of the mount by name, where there is one. */
  readonly named?: (ReadFigures & { readonly mount: ServedMount }) | undefined;
}

export function readOwnStatus(self: Self): ShimStatus {
  const { root, mount, holder, freshnessMs, statistics, named } = self;
  const { mountPoint, connection, protocol, resends, generation, mountedAtMs } = mount;
  return {
    version: packageVersion(),
    pid: process.pid,
    ...(holder !== undefined && { holder: { pid: holder, residentBytes: residentBytes(root, holder) } }),
    mountPoint,
    connection,
    protocol,
    recovery: resends ? "resend" : "record",
    generation,
    uptimeSeconds: process.uptime(),
    mountedSeconds: (Date.now() - mountedAtMs) / 1000,
    freshnessMs,
    residentBytes: residentBytes(root, process.pid),
    mounts: countMounts(root, connection),
    operations: mount.readCounts(),
    ...statistics.read(),
    ...(named !== undefined && {
      named: {
        mountPoint: named.mount.mountPoint,
        connection: named.mount.connection,
        mounts: countMounts(root, named.mount.connection),
        containers: named.containers,
        operations: named.mount.readCounts(),
        files: named.files,
      },
    }),
  };
}

/** VmRSS of proc_pid_status(5); 0 for a process that is gone. */
function residentBytes(root: HostRoot, pid: number): number {
  try {
    const status = readFileSync(root.proc(`${pid}/status`), "utf8");
    return 1024 * Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0);
  } catch {
    return 0;
  }
}

function countMounts(root: HostRoot, connection: number): number {
  return (readMountinfo(root) ?? []).filter(({ device }) => device.split(":")[1] === `${connection}`).length;
}
