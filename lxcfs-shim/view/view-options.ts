import type { CpuPolicy } from "./visible-cpus.ts";

/** What an operator may choose about what containers see; a plain value, so that it can be sent to a thread. */
export interface ViewOptions {
  /** What decides how many CPUs a container has; `host`: CPUs and their times are the host's. */
  readonly cpus: CpuPolicy | "host";
  /** /sys/devices/system/cpu/possible: the host's, by which allocators size their tables, or the container's CPUs. */
  readonly possibleCpus: "host" | "visible";
  /** False: the host's load averages, and no task is counted for them. */
  readonly loadavg: boolean;
  /** False: containers have no swap. */
  readonly swap: boolean;
  /** Files below /proc that are the host's for everybody. */
  readonly hostFiles: readonly string[];
}

export const DEFAULT_VIEW_OPTIONS: ViewOptions = {
  cpus: "both",
  possibleCpus: "host",
  loadavg: true,
  swap: true,
  hostFiles: [],
};

export const SWITCHED_OFF = "switched off";
