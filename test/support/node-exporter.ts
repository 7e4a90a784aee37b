import { PageParser } from "../../agent/scrape/page-parser.ts";
import type { MetricKind } from "../../core/metrics/series.ts";

/** A series of a page: its kind, and its value under name and labels. */
export interface PageValue {
  readonly name: string;
  readonly kind: MetricKind;
  readonly labelNames: string;
  readonly value: number;
}

/** The series of a page by name and labels; a label without a value is none. */
export function readPage(text: string): ReadonlyMap<string, PageValue> {
  const { samples } = new PageParser((labels) => labels).parse(text, "text");
  return new Map(
    samples.map(({ series: { name, kind, labels }, value }) => {
      const sorted = Object.entries(labels).sort();
      const labelNames = sorted.map(([label]) => label).join(",");
      return [`${name}${JSON.stringify(sorted)}`, { name, kind, labelNames, value }];
    }),
  );
}

/** Why what node_exporter has is not there. `*` stands for the rest of a name. */
export interface Absent {
  readonly metrics: string;
  readonly reason: string;
}

export const ABSENT: readonly Absent[] = [
  {
    metrics: "go_* process_* promhttp_* node_exporter_build_info",
    reason: "about the program: the agent's own are `plimsoll_agent_*`",
  },
  {
    metrics: "node_timex_*",
    reason:
      "needs adjtimex(2), which Node.js cannot call; `plimsoll_agent_clock_skew_seconds` compares with the receiver's clock",
  },
  {
    metrics: "node_time_zone_offset_seconds",
    reason: "time zone tables would be loaded for one number",
  },
  {
    metrics: "node_network_receive_nohandler_total",
    reason: "only netlink has it, /proc/net/dev does not",
  },
  { metrics: "node_processes_threads_state", reason: "takes a file for each thread" },
  {
    metrics:
      "node_cooling_device_* node_cpu_core_throttles_total node_cpu_frequency_* node_cpu_package_throttles_total node_cpu_scaling_* node_dmi_info node_edac_* node_hwmon_* node_nvme_info node_power_supply_* node_rapl_* node_thermal_zone_*",
    reason: "the host's hardware: one exporter on the host says it, not each container",
  },
  {
    metrics:
      "node_bcache_* node_btrfs_* node_drbd_* node_md_* node_nfs_* node_nfsd_* node_scsi_tape_* node_xfs_* node_zfs_*",
    reason: "the host's file systems and disks",
  },
  {
    metrics: "node_bonding_* node_fibrechannel_* node_infiniband_* node_ipvs_* node_selinux_*",
    reason: "the host's network cards and policies",
  },
];

/** What says something else than node_exporter's, on purpose. */
export const DIFFERENT: Readonly<Record<string, string>> = {
  node_boot_time_seconds:
    "when the container started (now less /proc/uptime); node_exporter has the host's, from `btime` of /proc/stat",
};

const PATTERNS = ABSENT.flatMap(({ metrics }) =>
  metrics.split(" ").map((one) => new RegExp(`^${one.replace("*", ".*")}$`)),
);

export function isAbsent(name: string): boolean {
  return PATTERNS.some((pattern) => pattern.test(name));
}
