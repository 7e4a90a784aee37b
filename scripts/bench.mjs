/** `npm run bench [-- NAME…]`: builds, then runs test/bench/NAME.ts, or each of the list, one after the other. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { installDebianPackages, orExit, prepare, progress, ROOT } from "./prepare.mjs";

/** The programs to run; the other files of test/bench are parts of theirs. */
const BENCHES = [
  "fuse-floor",
  "shim",
  "shim-scale",
  "shim-churn",
  "agent",
  "agent-soak",
  "up",
  "collector",
  "collector-scale",
  "reconcile",
  "provisioner",
  "images",
];

/** What they compare with, and the compiler for readers whose own cost is not what is measured. */
const PACKAGES = [
  { needs: "cc", package: "gcc", why: "a reader in C" },
  { needs: "/usr/include/stdio.h", package: "libc6-dev", why: "a reader in C" },
  {
    needs: "prometheus-node-exporter",
    package: "prometheus-node-exporter",
    services: ["prometheus-node-exporter.service"],
    why: "the comparison with it",
  },
  { needs: "lxcfs", package: "lxcfs", services: ["lxcfs.service"], why: "the comparison with it" },
  {
    needs: "prometheus",
    package: "prometheus",
    services: ["prometheus.service"],
    why: "the comparison with it",
  },
  {
    needs: "docker-registry",
    package: "docker-registry",
    services: ["docker-registry.service"],
    why: "images from one registry to another",
  },
  {
    needs: "dockerd",
    package: "docker.io",
    services: ["docker.service", "docker.socket"],
    why: "machines of an engine of the bench's own",
  },
  {
    needs: "ovs-vswitchd",
    package: "openvswitch-switch",
    services: ["openvswitch-switch.service"],
    why: "machines on a switch",
  },
  { needs: "arping", package: "iputils-arping", why: "an address that somebody else has" },
  { needs: "etcd", package: "etcd-server", services: ["etcd.service"], why: "addresses out of etcd" },
  { needs: "skopeo", package: "skopeo", why: "the comparison with it" },
  {
    needs: "victoria-metrics",
    package: "victoria-metrics",
    services: ["victoria-metrics.service"],
    why: "the comparison with it",
  },
];

orExit(() => prepare("packages", "build"));
for (const { needs, why } of installDebianPackages(PACKAGES)) progress(`no ${needs}, for ${why}`);

const names = process.argv.length > 2 ? process.argv.slice(2) : BENCHES;
for (const name of names) {
  console.log(`\n${name}`);
  const { status } = spawnSync(process.execPath, [join(ROOT, `dist/test/bench/${name}.js`)], {
    stdio: "inherit",
  });
  if (status !== 0) process.exitCode = 1;
}
