import type { CpuPolicy } from "./visible-cpus.ts";

/** What an operator may choose about what a container sees. */
export interface ViewChoices {
  /** What decides how many CPUs a container has; `host`: CPUs and their times are the host's. */
  readonly cpus: CpuPolicy | "host";
  /** /sys/devices/system/cpu/possible: the host's, by which allocators size their tables, or the container's CPUs. */
  readonly possibleCpus: "host" | "visible";
  /** False: the host's load averages. Tasks are counted all the same where somebody reads /proc/stat, which has them. */
  readonly loadavg: boolean;
  /** `off`: containers have no swap. `memsw`: on cgroup v1 as much as RAM and swap together, as LXCFS shows it. */
  readonly swap: "on" | "off" | "memsw";
  /** Files below /proc that are the host's for everybody. */
  readonly hostFiles: readonly string[];
}

/** A plain value, so that it can be sent to a thread. */
export interface ViewOptions extends ViewChoices {
  /** For containers in certain cgroups something else; of several that match, the first counts. */
  readonly exceptions: readonly ViewException[];
}

export interface ViewException {
  /** A path as in /proc/PID/cgroup, on any hierarchy; `*` stands for anything within one name, `**` for anything. */
  readonly cgroup: string;
  readonly choices: ViewChoices;
}

export const DEFAULT_VIEW_OPTIONS: ViewOptions = {
  cpus: "both",
  possibleCpus: "host",
  loadavg: true,
  swap: "on",
  hostFiles: [],
  exceptions: [],
};

export const SWITCHED_OFF = "switched off";
