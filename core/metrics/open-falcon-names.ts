import type { Batch, Labels } from "./series.ts";

/** A value under Open-Falcon's own name. Of a COUNTER the server makes a rate. */
export interface FalconValue {
  readonly metric: string;
  readonly value: number;
  readonly counterType: "GAUGE" | "COUNTER";
  readonly tags: string;
}

const SECTOR_BYTES = 512;

/** One row of a metric: labels and value. */
type Row = readonly [labels: Labels, value: number];

/** A batch by metric name. */
class Page {
  readonly timestampMs: number;
  readonly #rows = new Map<string, Row[]>();

  constructor({ series }: Batch) {
    this.timestampMs = series[0]?.samples.at(-1)?.timestampMs ?? 0;
    for (const { name, labels, samples } of series) {
      const last = samples.at(-1);
      if (last === undefined || last.stale) continue;
      const rows = this.#rows.get(name);
      if (rows === undefined) this.#rows.set(name, [[labels, last.value]]);
      else rows.push([labels, last.value]);
    }
  }

  names(): Iterable<string> {
    return this.#rows.keys();
  }

  rows(name: string): readonly Row[] {
    return this.#rows.get(name) ?? [];
  }

  /** The value of a metric, or of the row of it with this label. */
  value(name: string, label?: string, text?: string): number | undefined {
    const rows = this.rows(name);
    return (label === undefined ? rows[0] : rows.find(([labels]) => labels[label] === text))?.[1];
  }

  sum(name: string, wanted: (labels: Labels) => boolean): number {
    return this.rows(name).reduce((sum, [labels, value]) => (wanted(labels) ? sum + value : sum), 0);
  }
}

const gauge = (metric: string, value: number | undefined, tags = ""): FalconValue[] =>
  value === undefined ? [] : [{ metric, value, counterType: "GAUGE", tags }];

const counter = (metric: string, value: number | undefined, tags = ""): FalconValue[] =>
  value === undefined ? [] : [{ metric, value, counterType: "COUNTER", tags }];

/** `a=1,b=2`: what would end a tag is replaced. */
function tagsOf(...tags: readonly (readonly [string, string | undefined])[]): string {
  return tags.map(([name, value = ""]) => `${name}=${value.replaceAll(/[\s,=]/g, "_")}`).join(",");
}

/**
 * Batches under the names of Open-Falcon's own agent, so that its screens and strategies fit. What
 * has no such name is left out. Percentages need the batch before.
 */
export class FalconTranslator {
  #before: Page | undefined;

  translate(batch: Batch): readonly FalconValue[] {
    const now = new Page(batch);
    const before = this.#before;
    const values = RULES.flatMap((rule) => rule(now, before));
    if (values.length === 0) return [];
    this.#before = now;
    return [...gauge("agent.alive", 1), ...values];
  }
}

type Rule = (now: Page, before: Page | undefined) => readonly FalconValue[];

const CPU = "node_cpu_seconds_total";
const CPU_MODES = ["idle", "user", "nice", "system", "iowait", "irq", "softirq", "steal"];

const cpu: Rule = (now, before) => {
  const switches = counter("cpu.switches", now.value("node_context_switches_total"));
  if (before === undefined) return switches;
  const spent = CPU_MODES.map((mode) => {
    const ofMode = (page: Page): number => page.sum(CPU, (labels) => labels.mode === mode);
    return Math.max(0, ofMode(now) - ofMode(before));
  });
  const total = spent.reduce((sum, seconds) => sum + seconds, 0);
  if (total === 0) return switches;
  const [idle = 0] = spent;
  const modes = CPU_MODES.flatMap((mode, i) => gauge(`cpu.${mode}`, (100 * (spent[i] ?? 0)) / total));
  return [...switches, ...modes, ...gauge("cpu.busy", 100 - (100 * idle) / total)];
};

const load: Rule = (now) => [
  ...gauge("load.1min", now.value("node_load1")),
  ...gauge("load.5min", now.value("node_load5")),
  ...gauge("load.15min", now.value("node_load15")),
];

const memory: Rule = (now) => {
  const of = (name: string): number => now.value(`node_memory_${name}_bytes`) ?? 0;
  const total = now.value("node_memory_MemTotal_bytes");
  if (total === undefined || total === 0) return [];
  const free = now.value("node_memory_MemAvailable_bytes") ?? of("MemFree") + of("Buffers") + of("Cached");
  const swap = { total: of("SwapTotal"), free: of("SwapFree") };
  const ofSwap = (bytes: number): number => (swap.total === 0 ? 0 : (100 * bytes) / swap.total);
  return [
    ...gauge("mem.memtotal", total),
    ...gauge("mem.memused", total - free),
    ...gauge("mem.memfree", free),
    ...gauge("mem.memfree.percent", (100 * free) / total),
    ...gauge("mem.memused.percent", (100 * (total - free)) / total),
    ...gauge("mem.swaptotal", swap.total),
    ...gauge("mem.swapused", swap.total - swap.free),
    ...gauge("mem.swapfree", swap.free),
    ...gauge("mem.swapfree.percent", ofSwap(swap.free)),
    ...gauge("mem.swapused.percent", ofSwap(swap.total - swap.free)),
  ];
};

const NETWORK_COLUMNS = { bytes: "bytes", packets: "packets", errs: "errors", drop: "dropped" } as const;

const network: Rule = (now) =>
  now.rows("node_network_receive_bytes_total").flatMap(([{ device = "" }]) => {
    const tags = tagsOf(["iface", device]);
    return Object.entries(NETWORK_COLUMNS).flatMap(([column, name]) => {
      const received = now.value(`node_network_receive_${column}_total`, "device", device) ?? 0;
      const sent = now.value(`node_network_transmit_${column}_total`, "device", device) ?? 0;
      return [
        ...counter(`net.if.in.${name}`, received, tags),
        ...counter(`net.if.out.${name}`, sent, tags),
        ...counter(`net.if.total.${name}`, received + sent, tags),
        ...(name === "bytes" ? counter("net.if.in.bits", received * 8, tags) : []),
        ...(name === "bytes" ? counter("net.if.out.bits", sent * 8, tags) : []),
      ];
    });
  });

/** Ours, Open-Falcon's, and what one of ours is in its unit. */
const DISK_COUNTERS: readonly (readonly [string, string, number])[] = [
  ["reads_completed_total", "read_requests", 1],
  ["reads_merged_total", "read_merged", 1],
  ["read_bytes_total", "read_sectors", 1 / SECTOR_BYTES],
  ["read_time_seconds_total", "msec_read", 1000],
  ["writes_completed_total", "write_requests", 1],
  ["writes_merged_total", "write_merged", 1],
  ["written_bytes_total", "write_sectors", 1 / SECTOR_BYTES],
  ["write_time_seconds_total", "msec_write", 1000],
  ["io_time_seconds_total", "msec_total", 1000],
  ["io_time_weighted_seconds_total", "msec_weighted_total", 1000],
];

const disk: Rule = (now, before) =>
  now.rows("node_disk_reads_completed_total").flatMap(([{ device = "" }]) => {
    const tags = tagsOf(["device", device]);
    const counters = DISK_COUNTERS.flatMap(([ours, theirs, factor]) => {
      const value = now.value(`node_disk_${ours}`, "device", device);
      return counter(`disk.io.${theirs}`, value === undefined ? undefined : Math.round(value * factor), tags);
    });
    const inProgress = gauge(
      "disk.io.ios_in_progress",
      now.value("node_disk_io_now", "device", device),
      tags,
    );
    return [
      ...counters,
      ...inProgress,
      ...(before === undefined ? [] : diskRates(now, before, device, tags)),
    ];
  });

function diskRates(now: Page, before: Page, device: string, tags: string): readonly FalconValue[] {
  const seconds = (now.timestampMs - before.timestampMs) / 1000;
  if (seconds <= 0) return [];
  const growth = (metric: string): number => {
    const [from = 0, to = 0] = [before, now].map((page) =>
      page.value(`node_disk_${metric}`, "device", device),
    );
    return Math.max(0, to - from);
  };
  const ios = growth("reads_completed_total") + growth("writes_completed_total");
  const waited = growth("read_time_seconds_total") + growth("write_time_seconds_total");
  return [
    ...gauge("disk.io.read_bytes", growth("read_bytes_total") / seconds, tags),
    ...gauge("disk.io.write_bytes", growth("written_bytes_total") / seconds, tags),
    ...gauge("disk.io.util", Math.min(100, (100 * growth("io_time_seconds_total")) / seconds), tags),
    ...gauge("disk.io.await", ios === 0 ? 0 : (1000 * waited) / ios, tags),
    ...gauge("disk.io.avgqu-sz", growth("io_time_weighted_seconds_total") / seconds, tags),
  ];
}

const space: Rule = (now) => {
  const mounts = now.rows("node_filesystem_size_bytes").map(([labels, total]) => {
    const of = (name: string): number | undefined =>
      now.value(`node_filesystem_${name}`, "mountpoint", labels.mountpoint);
    const tags = tagsOf(["fstype", labels.fstype], ["mount", labels.mountpoint]);
    return {
      tags,
      total,
      free: of("avail_bytes") ?? 0,
      inodes: of("files"),
      inodesFree: of("files_free") ?? 0,
    };
  });
  const sum = (field: "total" | "free"): number => mounts.reduce((all, mount) => all + mount[field], 0);
  const statistics =
    mounts.length === 0 ? [] : usage("df.statistics", sum("total"), sum("free"), "").slice(0, 2);
  const used = sum("total") - sum("free");
  return [
    ...mounts.flatMap(({ tags, total, free, inodes = 0, inodesFree }) => [
      ...usage("df.bytes", total, free, tags),
      ...usage("df.inodes", inodes, inodesFree, tags),
    ]),
    ...statistics,
    ...(sum("total") === 0 ? [] : gauge("df.statistics.used.percent", (100 * used) / sum("total"))),
  ];
};

function usage(name: string, total: number, free: number, tags: string): readonly FalconValue[] {
  if (total === 0) return [];
  return [
    ...gauge(`${name}.total`, total, tags),
    ...gauge(`${name}.used`, total - free, tags),
    ...gauge(`${name}.free`, free, tags),
    ...gauge(`${name}.used.percent`, (100 * (total - free)) / total, tags),
    ...gauge(`${name}.free.percent`, (100 * free) / total, tags),
  ];
}

const kernel: Rule = (now) => {
  const maximum = now.value("node_filefd_maximum");
  const allocated = now.value("node_filefd_allocated");
  const left = maximum === undefined || allocated === undefined ? undefined : maximum - allocated;
  return [
    ...gauge("kernel.maxfiles", maximum),
    ...gauge("kernel.files.allocated", allocated),
    ...gauge("kernel.files.left", left),
  ];
};

/** `node_netstat_TcpExt_ListenDrops` is `TcpExt.ListenDrops`, `node_netstat_Udp_InErrors` is `snmp.Udp.InErrors`. */
const protocols: Rule = (now) =>
  [...now.names()].flatMap((name) => {
    const [, table = "", column = ""] = /^node_netstat_(TcpExt|Udp)_(\w+)$/.exec(name) ?? [];
    if (table === "") return [];
    return counter(`${table === "Udp" ? "snmp.Udp" : table}.${column}`, now.value(name));
  });

const RULES: readonly Rule[] = [cpu, load, memory, network, disk, space, kernel, protocols];
