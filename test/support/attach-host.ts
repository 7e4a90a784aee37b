import { FakeHost, type FakeProcess } from "./fake-host.ts";

/** mountinfo of the host: its root, /proc and a mount that other namespaces may share. */
export const HOST_MOUNTINFO: string = [
  "27 1 254:0 / / rw - ext4 /dev/vda rw",
  "22 27 0:21 / /proc rw shared:5 - proc proc rw",
  "",
].join("\n");

/** mountinfo of a container: a root, a /proc and a /sys of its own, then `more`. */
export function containerMountinfo(...more: readonly string[]): string {
  return [
    "100 90 0:50 / / rw - overlay overlay rw",
    "101 100 0:51 / /proc rw - proc proc rw",
    "102 100 0:52 / /sys ro - sysfs sysfs ro",
    ...more,
    "",
  ].join("\n");
}

/** A host in a folder whose processes have mounts. */
export class AttachHost extends FakeHost {
  constructor(folder: string) {
    super(folder);
    this.write("proc/self/mountinfo", HOST_MOUNTINFO);
    this.process(1);
  }

  /** A process of a container. */
  inside(pid: number, options: FakeProcess = {}, mountinfo: string = containerMountinfo()): void {
    this.process(pid, { pidNamespace: 2, mountNamespace: pid, ...options });
    this.write(`proc/${pid}/mountinfo`, mountinfo);
  }
}
