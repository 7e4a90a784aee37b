/**
 * `npm test [-- lint|unit|e2e|lab] [vitest arguments]`: its own set-up, then every check as a test, so
 * that all of them end in one closing line: `N passed, N failed, N skipped`.
 */
import { spawn } from "node:child_process";
import { installDebianPackages, orExit, prepare, progress, ROOT } from "./prepare.mjs";

const SUITES = ["lint", "unit", "e2e", "lab"];

const args = process.argv.slice(2);
const suites = SUITES.includes(args[0]) ? [args.shift()] : SUITES;

/** What the tests run and read of the machine; a test that misses something is skipped and says so. */
const PACKAGES = [
  { needs: "ip", package: "iproute2", why: "network namespaces and veth pairs of sample containers" },
  { needs: "free", package: "procps", why: "free, top and uptime read inside a container" },
  { needs: "nsenter", package: "util-linux", why: "namespaces" },
  { needs: "python3", package: "python3", why: "os.cpu_count() and reads with odd sizes" },
  { needs: "stress-ng", package: "stress-ng", why: "known loads in a container" },
  {
    needs: "mpstat",
    package: "sysstat",
    services: ["sysstat.service"],
    why: "mpstat, iostat, sar and pidstat read inside a container",
  },
  { needs: "htop", package: "htop", why: "a reader of /proc on a terminal" },
  { needs: "tmux", package: "tmux", why: "the terminal for htop" },
  {
    needs: "java",
    package: "openjdk-17-jre-headless",
    why: "a JVM's idea of its memory and CPUs beside what /proc shows",
  },
  { needs: "busybox", package: "busybox", why: "applets that read /proc, and those that do not" },
  {
    needs: "/usr/lib/python3/dist-packages/psutil",
    package: "python3-psutil",
    why: "a library that reads /proc",
  },
  {
    needs: "prometheus-node-exporter",
    package: "prometheus-node-exporter",
    services: ["prometheus-node-exporter.service"],
    why: "an exporter that reads /proc inside a container",
  },
  {
    needs: "lxcfs",
    package: "lxcfs",
    services: ["lxcfs.service"],
    why: "the peer, on the same cgroup as ours",
  },
  { needs: "strace", package: "strace", why: "the agent starts no other program" },
  { needs: "/usr/include/linux/fuse.h", package: "linux-libc-dev", why: "our constants are the kernel's" },
  { needs: "arping", package: "iputils-arping", why: "an address that somebody else has" },
  { needs: "ping", package: "iputils-ping", why: "machines that reach each other" },
  { needs: "ethtool", package: "ethtool", why: "the links of a bond" },
  { needs: "mkfs.xfs", package: "xfsprogs", why: "data disks that grow while they are mounted" },
  { needs: "mkfs.btrfs", package: "btrfs-progs", why: "data disks that are made smaller" },
  { needs: "lvm", package: "lvm2", why: "data disks as logical volumes" },
  { needs: "thin_check", package: "thin-provisioning-tools", why: "thin pools, in the lab" },
  {
    needs: "ovs-vswitchd",
    package: "openvswitch-switch",
    services: ["openvswitch-switch.service"],
    why: "the network of several hosts, each a network namespace",
  },
  {
    needs: "amtool",
    package: "prometheus-alertmanager",
    services: ["prometheus-alertmanager.service"],
    why: "the example configuration checked",
  },
  {
    needs: "haproxy",
    package: "haproxy",
    services: ["haproxy.service"],
    why: "two collectors behind one address",
  },
  {
    needs: "keepalived",
    package: "keepalived",
    services: ["keepalived.service"],
    why: "its own word on what is written for it",
  },
  {
    needs: "nats-server",
    package: "nats-server",
    services: ["nats-server.service"],
    why: "samples into JetStream",
  },
  {
    needs: "etcd",
    package: "etcd-server",
    services: ["etcd.service"],
    why: "the store that many hosts share",
  },
  {
    needs: "prometheus",
    package: "prometheus",
    services: ["prometheus.service"],
    why: "samples pushed and queried back by IP",
  },
  {
    needs: "victoria-metrics",
    package: "victoria-metrics",
    services: ["victoria-metrics.service"],
    why: "the agent's remote write, Influx lines and Graphite in one server",
  },
  {
    needs: "influxd",
    package: "influxdb",
    services: ["influxdb.service"],
    why: "the agent's Influx lines",
  },
  {
    needs: "carbon-cache",
    package: "graphite-carbon",
    services: ["carbon-cache.service"],
    why: "the agent's Graphite lines",
  },
  {
    needs: "zabbix_server",
    package: "zabbix-server-pgsql",
    services: ["zabbix-server.service"],
    why: "the agent's Zabbix values",
  },
  {
    needs: "/usr/lib/postgresql",
    package: "postgresql",
    services: ["postgresql.service"],
    why: "the database of the Zabbix server",
  },
  { needs: "chromium", package: "chromium", why: "the collector's page as a reader sees it" },
  { needs: "shellcheck", package: "shellcheck", why: "the launchers in bin, which are shell scripts" },
  { needs: "openssl", package: "openssl", why: "certificates of the test's own" },
  {
    needs: "dockerd",
    package: "docker.io",
    services: ["docker.service", "docker.socket"],
    why: "a container of an engine of the test's own",
  },
  {
    needs: "docker-registry",
    package: "docker-registry",
    services: ["docker-registry.service"],
    why: "two registries that are kept alike",
  },
  { needs: "skopeo", package: "skopeo", why: "another client's word on what a registry holds" },
  {
    needs: "radosgw",
    package: "radosgw",
    services: ["ceph.target", "ceph-crash.service"],
    why: "a registry in a bucket of Ceph's own gateway",
  },
  { needs: "ceph-mon", package: "ceph-mon", why: "what is below the gateway" },
  { needs: "ceph-osd", package: "ceph-osd", why: "what is below the gateway" },
  { needs: "rpmbuild", package: "rpm", why: "a database of rpm's own" },
  { needs: "ssh", package: "openssh-client", why: "a machine that lets in who has a key" },
  { needs: "debootstrap", package: "debootstrap", why: "the Debian that the Dockerfile starts from" },
  {
    needs: "qemu-system-x86_64",
    package: "qemu-system-x86",
    suite: "lab",
    why: "cgroup v2, and v1 as Debian mounts it, under Debian's own kernel",
  },
];

const wanted = PACKAGES.filter(({ suite }) => suite === undefined || suites.includes(suite));

/** A run that ended before its tests had counted themselves is one failure. */
let counted = false;
process.on("exit", () => {
  if (!counted) console.log("0 passed, 1 failed, 0 skipped");
});

orExit(() => prepare("packages"));
for (const { needs, why } of installDebianPackages(wanted)) progress(`no ${needs}, for ${why}`);

const projects = suites.flatMap((suite) => ["--project", suite]);
const vitest = spawn(process.execPath, ["node_modules/vitest/vitest.mjs", "run", ...projects, ...args], {
  cwd: ROOT,
  stdio: ["ignore", "inherit", "inherit", "ipc"],
});
// The closing-line reporter says when it has counted.
vitest.on("message", () => {
  counted = true;
});
// A terminal sends Ctrl-C to vitest as well; wait for it to clean up and to have the last word.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => vitest.kill("SIGTERM"));
vitest.on("close", (code) => {
  process.exitCode = code ?? 1;
});
