import { openCgroupReader } from "../../core/kernel/cgroup/open-reader.ts";
import type { CgroupPath } from "../../core/kernel/cgroup/reader.ts";
import type { HostRoot } from "../../core/kernel/host-root.ts";
import { ParseError } from "../../core/kernel/parse-error.ts";
import { readPersonality } from "../../core/kernel/proc/personality.ts";
import type { Clock } from "../../core/runtime/clock.ts";
import type { ContainerView, FileStatus, HostText, ProcFile } from "../proc-files/types.ts";
import { type Notebook, openNotebook } from "../succession/notebook.ts";
import { openChoices } from "./choices.ts";
import { type Container, type Identity, isKeyOfLiving } from "./container.ts";
import { openContainerViews } from "./container-view.ts";
import { fileStatus } from "./file-status.ts";
import { openHostText } from "./host-text.ts";
import { openIdentifier } from "./identity.ts";
import { type LoadChannel, openLoadAverages } from "./load-averages.ts";
import { openRecentCallers } from "./recent-callers.ts";
import { openCensus } from "./task-census.ts";
import { unknownView } from "./unknown-view.ts";
import { DEFAULT_VIEW_OPTIONS, SWITCHED_OFF, type ViewOptions } from "./view-options.ts";

/** From where a process looks at the machine, for one moment. */
export type Viewpoint =
  | { readonly kind: "host"; readonly host: HostText }
  | ContainerViewpoint
  /** The process ended meanwhile, or is out of the server's sight. */
  | { readonly kind: "gone"; readonly reason: string };

interface ContainerViewpoint {
  readonly kind: "container";
  readonly container: Container;
  readonly view: ContainerView;
  readonly host: HostText;
}

/** What a file says to somebody, and how much of it is the container's. */
export type Rendered =
  | { readonly kind: "text"; readonly text: string; readonly status: () => FileStatus }
  | { readonly kind: "gone"; readonly reason: string };

export interface Viewpoints {
  identify(pid: number): Identity;
  identifyCgroup(cgroup: CgroupPath): Identity;
  /** From where somebody of that identity looks, now, or when `host` was opened. */
  at(identity: Identity, host?: HostText): Viewpoint;
  of(pid: number): Viewpoint;
  /** The text of `file` from there. */
  render(file: ProcFile, viewpoint: Viewpoint): Rendered;
}

export interface ViewpointsOptions {
  readonly root: HostRoot;
  readonly clock: Clock;
  readonly viewOptions?: ViewOptions | undefined;
  /** To the sampler of load averages; without one, readers sample for themselves. */
  readonly loadChannel?: LoadChannel | undefined;
  /** How long a caller's container may be taken for granted; 0 unless told. */
  readonly freshnessMs?: number | undefined;
  /** /proc/cpuinfo for callers of that personality, where it is not everybody's. */
  readonly linux32Cpuinfo?: string | undefined;
  /** What a predecessor remembered of the containers. */
  readonly notebook?: Notebook | undefined;
}

export function openViewpoints(options: ViewpointsOptions): Viewpoints {
  const { root, clock, viewOptions = DEFAULT_VIEW_OPTIONS, loadChannel, notebook = openNotebook() } = options;
  const reader = openCgroupReader(root);
  const identifier = openIdentifier({ root, reader, clock });
  const { freshnessMs = 0, linux32Cpuinfo } = options;
  const callers =
    freshnessMs === 0 ? identifier : openRecentCallers(identifier, { root, clock, freshnessMs });
  const census = openCensus(root, reader);
  const isCurrent = (key: string): boolean => isKeyOfLiving(root, key);
  const loads = openLoadAverages({ census, clock, channel: loadChannel, notebook, isCurrent });
  const choicesOf = openChoices(viewOptions);
  const views = openContainerViews({ root, reader, loads, choicesOf, notebook });

  function at(identity: Identity, seen?: HostText): Viewpoint {
    if (identity.kind === "gone") return identity;
    const host = hostTextFor(identity, seen);
    if (identity.kind === "host") return { kind: "host", host };
    const { container } = identity;
    return { kind: "container", container, view: views.open(container, host), host };
  }

  function hostTextFor(identity: Identity, seen?: HostText): HostText {
    const isGiven = identity.kind === "container" && identity.isLinux32 === true;
    if (isGiven && linux32Cpuinfo !== undefined) return openHostText(root.proc, { cpuinfo: linux32Cpuinfo });
    return seen ?? openHostText(root.proc);
  }

  function render(file: ProcFile, viewpoint: Viewpoint): Rendered {
    if (viewpoint.kind === "gone") return viewpoint;
    if (viewpoint.kind === "host") return hostFile(file, viewpoint.host, "the caller is the host's");
    const { hostFiles } = choicesOf(viewpoint.container.cgroup);
    if (hostFiles.includes(file.path)) return hostFile(file, viewpoint.host, SWITCHED_OFF);
    return renderContainer(file, viewpoint);
  }

  function renderContainer(file: ProcFile, viewpoint: ContainerViewpoint): Rendered {
    const { container, view, host } = viewpoint;
    const isGone = (): boolean => !identifier.isAlive(container);
    try {
      const text = file.render(view, host);
      // A part may be missing because the container ended: what is left of it must not be shown the host.
      if (file.needs.some((part) => view.missing(part) !== undefined) && isGone()) return containerEnded();
      return { kind: "text", text, status: () => fileStatus(file, view) };
    } catch (error) {
      if (isGone()) return containerEnded();
      if (!(error instanceof ParseError)) throw error;
      // A kernel newer than this program, or a file torn by somebody: one line must not cost a reader its file.
      return renderUnknown(file, viewpoint, error.message);
    }
  }

  function identify(pid: number): Identity {
    const identity = callers.identify(pid);
    if (linux32Cpuinfo === undefined || identity.kind !== "container" || !isLinux32(root, pid))
      return identity;
    return { ...identity, isLinux32: true };
  }

  const identifyCgroup = (cgroup: CgroupPath): Identity => identifier.identifyCgroup(cgroup);
  return { identify, identifyCgroup, at, of: (pid) => at(identify(pid)), render };
}

/** Not of that personality where nobody may look. */
function isLinux32(root: HostRoot, pid: number): boolean {
  try {
    return readPersonality(root, pid)?.isLinux32 ?? false;
  } catch {
    return false;
  }
}

function hostFile(file: ProcFile, host: HostText, reason: string): Rendered {
  const status: FileStatus = { state: "host", reason };
  return { kind: "text", text: host.text(file.path), status: () => status };
}

function renderUnknown(file: ProcFile, { view, host }: ContainerViewpoint, reason: string): Rendered {
  const unknown = unknownView(view, host, reason);
  const status: FileStatus = { state: "host", reason };
  try {
    return { kind: "text", text: file.render(unknown, host), status: () => fileStatus(file, unknown) };
  } catch {
    return { kind: "text", text: host.text(file.path), status: () => status };
  }
}

function containerEnded(): Rendered {
  return { kind: "gone", reason: "the container ended" };
}
