import type { CollectorStatus } from "../status/status.ts";

type Row = readonly [what: string, value: string];

/** For people: what is wrong is beside what it is about. */
export function renderStatus(status: CollectorStatus): string {
  const { version, pid, uptimeSeconds, pushes, lastProblem } = status;
  const rows: readonly Row[] = [
    ["collector", `${version}, pid ${pid}, up ${renderSeconds(uptimeSeconds)}`],
    ["machines", machines(status)],
    [
      "pushes",
      `${pushes.perSecond} a second, ${pushes.samplesPerSecond} samples; ${pushes.taken} since the start`,
    ],
    ["refused", counts(pushes.refused)],
    ...status.sinks.map((sink): Row => ["sink", renderSink(sink)]),
    ["store", store(status)],
    ...status.followed.map(
      ({ name, isConnected }): Row => ["follows", `${name}: ${isConnected ? "ok" : "no answer"}`],
    ),
    ["last problem", lastProblem === null ? "none" : `${lastProblem.at} ${lastProblem.text}`],
  ];
  return rows.map(([what, value]) => `${what.padEnd(14)}${value}\n`).join("");
}

function machines({ machines: { known, states }, series }: CollectorStatus): string {
  return `${known} known: ${counts(states)}; ${series} series`;
}

function renderSink({ name, failingSeconds, reason, ...sink }: CollectorStatus["sinks"][number]): string {
  const state =
    failingSeconds === null ? "takes samples" : `FAILING for ${renderSeconds(failingSeconds)}: ${reason}`;
  const queue = `${renderSeconds(sink.lagSeconds)} behind, ${renderBytes(sink.queueBytes)} waiting`;
  const samples = `${sink.delivered} delivered, ${sink.refused} refused, ${sink.dropped} dropped`;
  return `${name}: ${state}; ${queue}; ${samples}`;
}

function store({ store: kept, deadLetterBytes }: CollectorStatus): string {
  if (kept === null) return "none, everything is in memory";
  const { directory, bytes, quarantinedBlocks, failedWrites } = kept;
  const damage = [
    ...(quarantinedBlocks > 0 ? [`${quarantinedBlocks} DAMAGED blocks set aside`] : []),
    ...(failedWrites > 0 ? [`${failedWrites} writes FAILED`] : []),
  ];
  const letters = `dead letters ${renderBytes(deadLetterBytes ?? 0)}`;
  return [`${directory}, ${renderBytes(bytes)}`, letters, ...damage].join("; ");
}

function counts(of: Readonly<Record<string, number>>): string {
  const parts = Object.entries(of).map(([what, count]) => `${count} ${what}`);
  return parts.length === 0 ? "none" : parts.join(", ");
}

function renderBytes(bytes: number): string {
  return bytes < 2 ** 20 ? `${Math.ceil(bytes / 1024)} KiB` : `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}

function renderSeconds(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} d`;
}
