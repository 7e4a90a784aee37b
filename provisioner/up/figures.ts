/** The latest value of one series, as the collector has it. */
export interface LatestValue {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  readonly timestampMs: number;
}

/** The agent's figures for a person. Rates are between two samples; against the container's start when there is only one. */
export interface Figures {
  readonly timestampMs: number;
  /** Share of the container's own capacity. */
  readonly cpuPercent: number;
  readonly cpus: number;
  readonly memoryUsedBytes: number;
  readonly memoryTotalBytes: number;
  readonly load: readonly [number, number, number];
  readonly receivedBytesPerSecond: number;
  readonly sentBytesPerSecond: number;
}

/** `undefined` until the values are complete. `previous` is an earlier answer about the same machine. */
export function figuresOf(
  latest: readonly LatestValue[],
  previous: readonly LatestValue[] = [],
): Figures | undefined {
  const total = gauge(latest, "node_memory_MemTotal_bytes");
  const available = gauge(latest, "node_memory_MemAvailable_bytes");
  const load1 = gauge(latest, "node_load1");
  const cpu = select(latest, "node_cpu_seconds_total");
  if (total === undefined || available === undefined || load1 === undefined || cpu.length === 0)
    return undefined;

  const increase = (values: readonly LatestValue[]): number => sum(values) - sum(earlier(values, previous));
  const timestampMs = Math.max(...latest.map((value) => value.timestampMs));
  const seconds = (timestampMs - Math.max(0, ...previous.map((value) => value.timestampMs))) / 1000;
  const perSecond = (name: string): number =>
    previous.length === 0 || seconds <= 0
      ? 0
      : increase(select(latest, name).filter(({ labels }) => labels.device !== "lo")) / seconds;
  const capacity = increase(cpu);
  const idle = increase(cpu.filter(({ labels }) => labels.mode === "idle" || labels.mode === "iowait"));
  return {
    timestampMs,
    cpuPercent: capacity <= 0 ? 0 : (100 * (capacity - idle)) / capacity,
    cpus: new Set(cpu.map(({ labels }) => labels.cpu)).size,
    memoryUsedBytes: total - available,
    memoryTotalBytes: total,
    load: [load1, gauge(latest, "node_load5") ?? 0, gauge(latest, "node_load15") ?? 0],
    receivedBytesPerSecond: perSecond("node_network_receive_bytes_total"),
    sentBytesPerSecond: perSecond("node_network_transmit_bytes_total"),
  };
}

/** One line for a terminal. */
export function renderFigures(figures: Figures): string {
  const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MiB`;
  const kilobytes = (bytes: number): string => `${(bytes / 1000).toFixed(1)} kB/s`;
  return [
    `cpu ${figures.cpuPercent.toFixed(1)} % of ${figures.cpus}`,
    `memory ${mebibytes(figures.memoryUsedBytes)} of ${mebibytes(figures.memoryTotalBytes)}`,
    `load ${figures.load.map((value) => value.toFixed(2)).join(" ")}`,
    `network in ${kilobytes(figures.receivedBytesPerSecond)}, out ${kilobytes(figures.sentBytesPerSecond)}`,
  ].join("   ");
}

function select(values: readonly LatestValue[], name: string): readonly LatestValue[] {
  return values.filter((value) => value.name === name);
}

function gauge(values: readonly LatestValue[], name: string): number | undefined {
  return values.find((value) => value.name === name)?.value;
}

/** The same series in an earlier answer. */
function earlier(values: readonly LatestValue[], previous: readonly LatestValue[]): readonly LatestValue[] {
  const keys = new Set(values.map(keyOf));
  return previous.filter((value) => keys.has(keyOf(value)));
}

function keyOf({ name, labels }: LatestValue): string {
  return `${name} ${Object.entries(labels).sort().join(" ")}`;
}

function sum(values: readonly LatestValue[]): number {
  return values.reduce((total, { value }) => total + value, 0);
}
