import { expect, test } from "vitest";
import { FalconTranslator } from "../../../../core/metrics/open-falcon-names.ts";
import { type Batch, type Series, staleSample } from "../../../../core/metrics/series.ts";

type Rows = Readonly<Record<string, number | readonly (readonly [Series["labels"], number])[]>>;

function batch(timestampMs: number, rows: Rows): Batch {
  const series = Object.entries(rows).flatMap(([name, row]) =>
    (typeof row === "number" ? [[{}, row] as const] : row).map(
      ([labels, value]): Series => ({
        name,
        kind: "gauge",
        help: "",
        labels,
        samples: [{ timestampMs, value }],
      }),
    ),
  );
  return { identity: { instance: "10.0.0.7" }, series };
}

/** `metric{tags}` → value, and the names of those that are counters. */
function translate(translator: FalconTranslator, rows: Rows, timestampMs = 10_000) {
  const values = translator.translate(batch(timestampMs, rows));
  const key = ({ metric, tags }: { metric: string; tags: string }) =>
    tags === "" ? metric : `${metric}{${tags}}`;
  return {
    values: Object.fromEntries(values.map((one) => [key(one), one.value])),
    counters: values.filter(({ counterType }) => counterType === "COUNTER").map(({ metric }) => metric),
  };
}

const cpu = (idle: number, user: number): Rows => ({
  node_cpu_seconds_total: [
    [{ cpu: "0", mode: "idle" }, idle],
    [{ cpu: "1", mode: "idle" }, idle],
    [{ cpu: "0", mode: "user" }, user],
  ],
  node_context_switches_total: 7,
});

test("load and memory, with the machine's agent.alive", () => {
  const { values, counters } = translate(new FalconTranslator(), {
    node_load1: 1,
    node_load5: 5,
    node_load15: 15,
    node_memory_MemTotal_bytes: 1000,
    node_memory_MemAvailable_bytes: 250,
    node_memory_SwapTotal_bytes: 100,
    node_memory_SwapFree_bytes: 40,
  });

  expect(values).toEqual({
    "agent.alive": 1,
    "load.1min": 1,
    "load.5min": 5,
    "load.15min": 15,
    "mem.memtotal": 1000,
    "mem.memused": 750,
    "mem.memfree": 250,
    "mem.memfree.percent": 25,
    "mem.memused.percent": 75,
    "mem.swaptotal": 100,
    "mem.swapused": 60,
    "mem.swapfree": 40,
    "mem.swapfree.percent": 40,
    "mem.swapused.percent": 60,
  });
  expect(counters).toEqual([]);
});

test("old kernels say what is free in three parts; no swap is no percent", () => {
  const { values } = translate(new FalconTranslator(), {
    node_memory_MemTotal_bytes: 1000,
    node_memory_MemFree_bytes: 100,
    node_memory_Buffers_bytes: 50,
    node_memory_Cached_bytes: 50,
  });

  expect(values).toMatchObject({ "mem.memfree": 200, "mem.swapused.percent": 0 });
});

test("percentages of CPU time are those since the batch before", () => {
  const translator = new FalconTranslator();
  expect(translate(translator, cpu(100, 10)).values).toEqual({ "agent.alive": 1, "cpu.switches": 7 });
  expect(translate(translator, cpu(103, 12)).values).toMatchObject({
    "cpu.idle": 75,
    "cpu.user": 25,
    "cpu.busy": 25,
    "cpu.steal": 0,
  });
  expect(translate(translator, cpu(103, 12)).values).toEqual({ "agent.alive": 1, "cpu.switches": 7 });
});

test("networks are counters by interface", () => {
  const row = (value: number) => [[{ device: "eth 0,x" }, value]] as const;
  const { values, counters } = translate(new FalconTranslator(), {
    node_network_receive_bytes_total: row(10),
    node_network_transmit_bytes_total: row(20),
    node_network_receive_errs_total: row(1),
  });

  expect(values).toMatchObject({
    "net.if.in.bytes{iface=eth_0_x}": 10,
    "net.if.out.bytes{iface=eth_0_x}": 20,
    "net.if.total.bytes{iface=eth_0_x}": 30,
    "net.if.in.bits{iface=eth_0_x}": 80,
    "net.if.in.errors{iface=eth_0_x}": 1,
    "net.if.out.dropped{iface=eth_0_x}": 0,
  });
  expect(counters).toHaveLength(14);
});

test("disks are counters in sectors and milliseconds, and rates since the batch before", () => {
  const disk = (factor: number): Rows => {
    const row = (value: number) => [[{ device: "sda" }, value * factor]] as const;
    return {
      node_disk_reads_completed_total: row(10),
      node_disk_writes_completed_total: row(10),
      node_disk_read_bytes_total: row(5120),
      node_disk_written_bytes_total: row(10_240),
      node_disk_read_time_seconds_total: row(1),
      node_disk_write_time_seconds_total: row(3),
      node_disk_io_time_seconds_total: row(5),
      node_disk_io_time_weighted_seconds_total: row(8),
      node_disk_io_now: row(1),
    };
  };
  const translator = new FalconTranslator();
  const first = translate(translator, disk(1), 10_000);
  expect(first.values).toMatchObject({
    "disk.io.read_requests{device=sda}": 10,
    "disk.io.read_sectors{device=sda}": 10,
    "disk.io.msec_write{device=sda}": 3000,
    "disk.io.ios_in_progress{device=sda}": 1,
  });
  expect(first.values).not.toHaveProperty(["disk.io.util{device=sda}"]);
  expect(translate(translator, disk(2), 20_000).values).toMatchObject({
    "disk.io.util{device=sda}": 50,
    "disk.io.await{device=sda}": 200,
    "disk.io.read_bytes{device=sda}": 512,
    "disk.io.write_bytes{device=sda}": 1024,
    "disk.io.avgqu-sz{device=sda}": 0.8,
  });
  expect(translate(translator, disk(2), 30_000).values).toMatchObject({ "disk.io.await{device=sda}": 0 });
  expect(translate(translator, disk(2), 30_000).values).not.toHaveProperty(["disk.io.util{device=sda}"]);
});

test("space by mount, and of all of them", () => {
  const root = { mountpoint: "/", fstype: "ext4" };
  const data = { mountpoint: "/data", fstype: "xfs" };
  const { values } = translate(new FalconTranslator(), {
    node_filesystem_size_bytes: [
      [root, 100],
      [data, 300],
    ],
    node_filesystem_avail_bytes: [
      [root, 50],
      [data, 250],
    ],
    node_filesystem_files: [[root, 10]],
    node_filesystem_files_free: [[root, 4]],
  });

  expect(values).toMatchObject({
    "df.bytes.total{fstype=ext4,mount=/}": 100,
    "df.bytes.used.percent{fstype=xfs,mount=/data}": 50 / 3,
    "df.inodes.used{fstype=ext4,mount=/}": 6,
    "df.statistics.total": 400,
    "df.statistics.used": 100,
    "df.statistics.used.percent": 25,
  });
  expect(values).not.toHaveProperty(["df.inodes.total{fstype=xfs,mount=/data}"]);
});

test("files and protocol tables", () => {
  const { values } = translate(new FalconTranslator(), {
    node_filefd_maximum: 100,
    node_filefd_allocated: 30,
    node_netstat_TcpExt_ListenDrops: 1,
    node_netstat_Udp_InErrors: 2,
    node_netstat_Tcp_CurrEstab: 3,
  });

  expect(values).toEqual({
    "agent.alive": 1,
    "kernel.maxfiles": 100,
    "kernel.files.allocated": 30,
    "kernel.files.left": 70,
    "TcpExt.ListenDrops": 1,
    "snmp.Udp.InErrors": 2,
  });
});

test("what has no name there, and the end of series, is nothing, and leaves the batch before in place", () => {
  const translator = new FalconTranslator();
  translate(translator, cpu(100, 10));
  expect(translator.translate(batch(1, { something: 1 }))).toEqual([]);
  const [first] = batch(1, { node_load1: 1 }).series;
  const ended = { ...first, samples: [staleSample(1)] } as Series;
  expect(translator.translate({ identity: {}, series: [ended] })).toEqual([]);
  expect(translate(translator, cpu(101, 10)).values).toHaveProperty(["cpu.idle"], 100);
});
