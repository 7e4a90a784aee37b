import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Finding } from "../../../core/runtime/finding.ts";
import { type Check, finding } from "./finding.ts";

/** linux/capability.h */
const CAP_SYS_RESOURCE = 24n;

/** What of the kernel machines are made of, besides network and storage. */
export const checkKernel: Check = ({ root }) => [
  checkCgroups(root),
  finding(existsSync(join(root, "proc/pressure/memory")), "the kernel accounts pressure (PSI)", {
    state: "note",
    what: "the kernel accounts no pressure: agents push none, and containers have no /proc/pressure",
    hint: "boot with psi=1",
  }),
  finding(existsSync(join(root, "dev/fuse")), "/dev/fuse is there, for the shim", {
    state: "wrong",
    what: "no /dev/fuse: containers would see the host's /proc",
    hint: "modprobe fuse",
  }),
  finding(hasCapability(root, CAP_SYS_RESOURCE), "ext4 grows while it is mounted", {
    state: "note",
    what: "without CAP_SYS_RESOURCE ext4 does not grow while it is mounted; XFS and btrfs do",
    hint: "run plimsoll as root of the host, or choose --fs xfs",
  }),
  { state: "ok", what: "VLANs and bonds are the switch's: modules 8021q and bonding are not needed" },
];

function checkCgroups(root: string): Finding {
  const isUnified = existsSync(join(root, "sys/fs/cgroup/cgroup.controllers"));
  const names = isUnified ? unifiedControllers(root) : legacyControllers(root);
  const missing = ["cpu", "cpuset", "memory"].filter((name) => !names.includes(name));
  const version = isUnified ? 2 : 1;
  return finding(missing.length === 0, `cgroup v${version} limits CPU and memory`, {
    state: "wrong",
    what: `cgroup v${version} without ${missing.join(", ")}: machines cannot be limited`,
    hint: missing.includes("memory") ? "boot with cgroup_enable=memory" : "enable them in the kernel",
  });
}

function unifiedControllers(root: string): readonly string[] {
  return readFileSync(join(root, "sys/fs/cgroup/cgroup.controllers"), "utf8").trim().split(" ");
}

/** `memory\t4\t1\t1` in /proc/cgroups (cgroups(7)): name, hierarchy, cgroups, enabled. */
function legacyControllers(root: string): readonly string[] {
  const rows = readFileSync(join(root, "proc/cgroups"), "utf8").split("\n");
  return rows
    .map((row) => row.split("\t"))
    .flatMap(([name = "", , , enabled]) => (enabled === "1" ? [name] : []));
}

function hasCapability(root: string, capability: bigint): boolean {
  const status = readFileSync(join(root, "proc/self/status"), "utf8");
  const bits = /^CapEff:\s+([0-9a-f]+)$/m.exec(status)?.[1] ?? "0";
  return ((BigInt(`0x${bits}`) >> capability) & 1n) === 1n;
}
