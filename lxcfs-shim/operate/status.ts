import type { FileReads } from "../file-system/read-statistics.ts";
import type { Recovery } from "../serve-options.ts";
import type { OperationCounts } from "../session/counters.ts";

/** What a server says of itself on its status socket. */
export interface ShimStatus {
  readonly version: string;
  /** Of the server. */
  readonly pid: number;
  /** The process that starts the next server; absent where nobody would. */
  readonly holder?: { readonly pid: number; readonly residentBytes: number };
  readonly mountPoint: string;
  /** The name under /sys/fs/fuse/connections. */
  readonly connection: number;
  readonly protocol: string;
  readonly recovery: Recovery;
  /** How many servers the mount has had, this one included. */
  readonly generation: number;
  /** Seconds since this server began, and since it was mounted. */
  readonly uptimeSeconds: number;
  readonly mountedSeconds: number;
  readonly freshnessMs: number;
  readonly residentBytes: number;
  /** How often the mount, or one of its files, is mounted in the server's own namespace. */
  readonly mounts: number;
  /** Different containers that read something in the last minute or two. */
  readonly containers: number;
  /** Since this server began. */
  readonly operations: OperationCounts;
  readonly files: Readonly<Record<string, FileReads>>;
}

/** For people. */
export function renderStatus(status: ShimStatus): string {
  const { holder, files } = status;
  const held = holder === undefined ? "none" : `pid ${holder.pid}, ${mebibytes(holder.residentBytes)}`;
  const facts: readonly (readonly [string, string])[] = [
    ["version", status.version],
    ["server", `pid ${status.pid}, ${mebibytes(status.residentBytes)}, up ${age(status.uptimeSeconds)}`],
    ["holder", held],
    ["generation", `${status.generation}, mounted ${age(status.mountedSeconds)} ago`],
    ["kernel", `FUSE ${status.protocol}, connection ${status.connection}, recovery by ${status.recovery}`],
    ["freshness", `${status.freshnessMs} ms`],
    ["mounts", `${status.mounts}`],
    ["containers", `${status.containers}`],
  ];
  const rows = Object.entries(files).map(([file, { reads, kept, errors, p50Us, p99Us }]) =>
    [file.padEnd(24), ...[reads, kept, errors, p50Us, p99Us].map((value) => `${value}`.padStart(10))].join(
      "",
    ),
  );
  const head = [
    "file".padEnd(24),
    ...["reads", "kept", "errors", "p50 µs", "p99 µs"].map((name) => name.padStart(10)),
  ];
  return [
    status.mountPoint,
    ...facts.map(([name, value]) => `  ${name.padEnd(12)}${value}`),
    ...(rows.length === 0 ? [] : [`  ${head.join("")}`, ...rows.map((row) => `  ${row}`)]),
    "",
  ].join("\n");
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}

function age(seconds: number): string {
  const whole = Math.floor(seconds);
  if (whole < 120) return `${whole} s`;
  if (whole < 7200) return `${Math.floor(whole / 60)} min`;
  return whole < 172_800 ? `${Math.floor(whole / 3600)} h` : `${Math.floor(whole / 86_400)} d`;
}
