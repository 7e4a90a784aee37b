import { type Given, oneOf } from "../core/runtime/options.ts";
import { PROC_FILES } from "./proc-files/index.ts";
import { DEFAULT_VIEW_OPTIONS, type ViewOptions } from "./view/view-options.ts";

/** The options of `serve` that decide what containers see. */
export const VIEW_KEYS = ["cpus", "possibleCpus", "loadavg", "swap", "hostFiles"] as const;

export type ViewKey = (typeof VIEW_KEYS)[number];

const CPUS = ["both", "cpuset", "quota", "host"] as const;
const POSSIBLE = ["host", "visible"] as const;
const SWITCH = ["on", "off"] as const;

/** Throws UsageError naming the option that is wrong. */
export function parseViewOptions(given: (key: ViewKey) => Given | undefined): ViewOptions {
  const isOn = (key: "loadavg" | "swap"): boolean => oneOf(SWITCH, "a switch", given(key)) !== "off";
  return {
    cpus: oneOf(CPUS, "a CPU policy", given("cpus")) ?? DEFAULT_VIEW_OPTIONS.cpus,
    possibleCpus:
      oneOf(POSSIBLE, "a choice of possible CPUs", given("possibleCpus")) ??
      DEFAULT_VIEW_OPTIONS.possibleCpus,
    loadavg: isOn("loadavg"),
    swap: isOn("swap"),
    hostFiles: parseFiles(given("hostFiles")),
  };
}

function parseFiles(given: Given | undefined): readonly string[] {
  if (given === undefined) return [];
  const { option, value } = given;
  const known = PROC_FILES.map(({ path }) => path);
  return value
    .split(",")
    .flatMap((name) => oneOf(known, "a virtual file", { option, value: name.trim() }) ?? []);
}
