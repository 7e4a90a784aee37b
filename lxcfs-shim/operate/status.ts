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
  /** The mount of files by name, where there is one: its reads are those that the page cache could not answer. */
  readonly named?: {
    readonly mountPoint: string;
    readonly connection: number;
    readonly mounts: number;
    readonly containers: number;
    readonly operations: OperationCounts;
    readonly files: Readonly<Record<string, FileReads>>;
  };
}

/** For people. */
export function renderStatus(status: ShimStatus): string {
  const { holder, named } = status;
  const held = holder === undefined ? "none" : `pid ${holder.pid}, ${mebibytes(holder.residentBytes)}`;
  return [
    status.mountPoint,
    fact("version", status.version),
    fact("server", `pid ${status.pid}, ${mebibytes(status.residentBytes)}, up ${age(status.uptimeSeconds)}`),
    fact("holder", held),
    fact("generation", `${status.generation}, mounted ${age(status.mountedSeconds)} ago`),
    fact(
      "kernel",
      `FUSE ${status.protocol}, connection ${status.connection}, recovery by ${status.recovery}`,
    ),
    fact("freshness", `${status.freshnessMs} ms`),
    ...renderReads(status),
    ...(named === undefined ? [] : ["", `${named.mountPoint}, by name`, ...renderReads(named)]),
    "",
  ].join("\n");
}

function renderReads({
  mounts,
  containers,
  files,
}: Pick<ShimStatus, "mounts" | "containers" | "files">): readonly string[] {
  const rows = Object.entries(files).map(([file, { reads, kept, errors, p50Us, p99Us }]) =>
    row(file, [reads, kept, errors, p50Us, p99Us]),
  );
  const head = row("file", ["reads", "kept", "errors", "p50 µs", "p99 µs"]);
  return [
    fact("mounts", `${mounts}`),
    fact("containers", `${containers}`),
    ...(rows.length === 0 ? [] : [head, ...rows]),
  ];
}

function fact(name: string, value: string): string {
  return `  ${name.padEnd(12)}${value}`;
}

function row(file: string, columns: readonly (string | number)[]): string {
  return `  ${file.padEnd(24)}${columns.map((value) => `${value}`.padStart(10)).join("")}`;
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
