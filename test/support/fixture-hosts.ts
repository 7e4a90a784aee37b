import { join } from "node:path";
import { openCgroupReader } from "../../core/kernel/cgroup/open-reader.ts";
import { type HostRoot, openHostRoot } from "../../core/kernel/host-root.ts";
import { readPidStat } from "../../core/kernel/proc/pid-stat.ts";
import type { ContainerView, HostText } from "../../lxcfs-shim/proc-files/types.ts";
import { readContainer } from "../../lxcfs-shim/view/container.ts";
import { openContainerViews } from "../../lxcfs-shim/view/container-view.ts";
import { openHostText } from "../../lxcfs-shim/view/host-text.ts";
import { openLoadAverages } from "../../lxcfs-shim/view/load-averages.ts";
import { openCensus } from "../../lxcfs-shim/view/task-census.ts";
import { DEFAULT_VIEW_OPTIONS, type ViewChoices } from "../../lxcfs-shim/view/view-options.ts";
import { ManualClock } from "./manual-clock.ts";

export const HOSTS: string = join(import.meta.dirname, "../fixtures/hosts");

/** Each fixture's container by its first process (README.md there). */
export const INITS: Readonly<Record<string, number>> = {
  arm64: 1204,
  "many-cpu": 70112,
  "v1-hybrid": 16647,
  "v1-kubernetes": 1240,
  "v2-guests": 5001,
  "v2-nested-limits": 1490,
  "v2-no-psi": 811,
  "v2-systemd": 2801,
};

export const FIXTURE_HOSTS: readonly string[] = Object.keys(INITS);

export function fixtureRoot(name: string): HostRoot {
  return openHostRoot(join(HOSTS, name));
}

/** What its container sees, with the defaults and the fixture's own /proc unless told. */
export function viewOfFixture(
  name: string,
  choices: Partial<ViewChoices> = {},
  host?: HostText,
): ContainerView {
  const root = fixtureRoot(name);
  const pid = INITS[name] ?? 0;
  const startTicks = readPidStat(root, pid)?.startTicks ?? Number.NaN;
  const container = readContainer(root, name, { pid, startTicks });
  if (container === undefined) throw new Error(`${name} has no process ${pid}`);
  const reader = openCgroupReader(root);
  const loads = openLoadAverages({ census: openCensus(root, reader), clock: new ManualClock() });
  const choicesOf = (): ViewChoices => ({ ...DEFAULT_VIEW_OPTIONS, ...choices });
  const views = openContainerViews({ root, reader, loads, choicesOf });
  return views.open(container, host ?? openHostText(root.proc));
}
