import type { IoDeviceStats, MemoryDetail, Pressure } from "../../core/kernel/cgroup/stats.ts";

/**
 * The machine a container is meant to see: the one input of every renderer. `undefined` for a part
 * means "cannot be derived on this host": the renderer passes the host's value on.
 */
export interface ContainerView {
  readonly memory?: MemoryView | undefined;
  readonly cpu?: CpuView | undefined;
  /** The ids of the CPUs the container has, ascending, at least one. The same ids in every file. */
  readonly cpus: readonly number[];
  /** What /sys/devices/system/cpu/possible shows. */
  readonly possibleCpus?: "host" | "visible";
  /** The size of a page of memory, of which some files count; 4 KiB unless told. */
  readonly pageBytes?: number;
  /** Age of the container's init; in a time namespace of its own what the kernel says there. */
  readonly uptimeSeconds: number;
  /** How much later than the host the container was booted, in a time namespace of its own; 0 in the host's. */
  readonly bootDelaySeconds?: number;
  readonly load?: LoadView | undefined;
  /** What the container moved, by block device. */
  readonly io?: readonly IoDeviceStats[] | undefined;
  readonly pressure?: Pressure | undefined;
  /** Why a part is undefined; undefined for a part that is there. */
  missing(part: ViewPart): string | undefined;
}

/** What a renderer may ask of a view, and the view may be unable to tell. */
export type ViewPart = "memory" | "cpu" | "load" | "io" | "pressure";

export interface MemoryView {
  /** min(effective limit, host's MemTotal). */
  readonly totalBytes: number;
  readonly usageBytes: number;
  /** What may still be taken before the cgroup's or an ancestor's limit is met, nothing reclaimed; ≥ 0. */
  readonly roomBytes: number;
  readonly detail: MemoryDetail;
  /** Undefined without swap accounting: no swap is shown. */
  readonly swap?: { readonly totalBytes: number; readonly usedBytes: number };
}

/** Times since the container's start, in USER_HZ ticks; no number ever goes back for one container. */
export interface CpuView {
  /** One entry per id of `ContainerView.cpus`, same order. */
  readonly ticks: readonly CpuTicks[];
  /** The sum of `ticks` and of the CPUs the container had before: as in the kernel, a CPU that goes keeps counting in `cpu`. */
  readonly total: CpuTicks;
  readonly running: number;
  readonly blocked: number;
  /** Forks since the container's start as far as is known; never goes back. */
  readonly processes: number;
}

export interface CpuTicks {
  readonly user: number;
  readonly nice: number;
  readonly system: number;
  readonly idle: number;
}

export interface LoadView {
  readonly load1: number;
  readonly load5: number;
  readonly load15: number;
  readonly running: number;
  readonly threads: number;
  /** In the container's own numbering. */
  readonly lastPid: number;
}

/** The host's own files, read when a renderer first asks; "" for one that is absent. */
export interface HostText {
  /** `text("meminfo")`: /proc/meminfo. */
  text(name: string): string;
}

/** One virtual file under /proc. Everything about it (lookup, getattr, readdir, read, documentation, golden test) follows from this object. */
export interface ProcFile {
  /** Relative to /proc, the kernel's name. */
  readonly path: string;
  /** Read by everybody (0444) unless it says otherwise; nothing is ever written, whatever it says. */
  readonly mode?: 0o400 | 0o666;
  /** There only where the host has it; others are there always. */
  readonly isOnHost?: true;
  /** One line for `--help` and the documentation: what is the container's and what stays the host's. */
  readonly describes: string;
  /** The parts of the view without which the file is not the container's, wholly or where they stand. */
  readonly needs: readonly ViewPart[];
  /** What it is without any of them; the host's unless it says otherwise. */
  readonly without?: "empty" | "zeros" | "partial";
  /** Where each field comes from: the documentation's table, and its test's. */
  readonly fields: readonly FieldSource[];
  /** Fields that are not the container's on this host although others could derive them. */
  underived?(view: ContainerView): readonly string[];
  /** Pure: the whole file's text. */
  render(view: ContainerView, host: HostText): string;
}

/** Where one field, or all lines of one kind, comes from. */
export interface FieldSource {
  readonly field: string;
  /** A file and key of the cgroup, or a sentence; where a version has none, the field is the host's. */
  readonly from: string | { readonly v1?: string; readonly v2?: string };
}

/** How much of a file is the container's, so that nothing falls back to the host's figures unsaid. */
export type FileStatus =
  | { readonly state: "virtual" }
  | { readonly state: "partial"; readonly fields: readonly string[]; readonly reason: string }
  | { readonly state: "host" | "empty" | "zeros"; readonly reason: string };
