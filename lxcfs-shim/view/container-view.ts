import {
  type AncestorsOf,
  type EffectiveLimits,
  type EffectiveMemory,
  openAncestors,
  readEffective,
} from "../../core/kernel/cgroup/effective.ts";
import type { CgroupReader } from "../../core/kernel/cgroup/reader.ts";
import type { CgroupStats } from "../../core/kernel/cgroup/stats.ts";
import { parseCpuList } from "../../core/kernel/cpu-list.ts";
import type { HostRoot } from "../../core/kernel/host-root.ts";
import { lazyClass } from "../../core/kernel/lazy.ts";
import { once } from "../../core/kernel/once.ts";
import { readPageSize } from "../../core/kernel/page-size.ts";
import { readTimensOffsets } from "../../core/kernel/proc/timens-offsets.ts";
import { parseUptime } from "../../core/kernel/proc/uptime.ts";
import { readKernelAttribute } from "../../core/kernel/text.ts";
import type { ContainerView, CpuView, HostText, LoadView, MemoryView } from "../proc-files/types.ts";
import { type Notebook, openNotebook } from "../succession/notebook.ts";
import { RememberedMap } from "../succession/remembered-map.ts";
import type { ChoicesOf } from "./choices.ts";
import { type Container, isKeyOfLiving } from "./container.ts";
import { accountTicks, advanceCpuAccount, type CpuAccount } from "./cpu-accounting.ts";
import { loadValue } from "./load-average.ts";
import type { LoadAverages, LoadReading } from "./load-averages.ts";
import type { TaskCensus } from "./task-census.ts";
import { DEFAULT_VIEW_OPTIONS, SWITCHED_OFF, type ViewChoices } from "./view-options.ts";
import { visibleCpus } from "./visible-cpus.ts";

export interface ContainerViews {
  /** What `container` is to see now. Nothing is read before a renderer asks for it, and each part once. */
  open(container: Container, host: HostText): ContainerView;
}

export interface ContainerViewsOptions {
  readonly root: HostRoot;
  readonly reader: CgroupReader;
  readonly loads: LoadAverages;
  /** The defaults for all unless told. */
  readonly choicesOf?: ChoicesOf | undefined;
  readonly notebook?: Notebook | undefined;
}

/** What has to be remembered of a container so that its counters never go back. */
interface Remembered {
  readonly cpu?: CpuAccount;
  readonly processes: number;
}

/** A part of a view, or why there is none. */
type Part<T> =
  | { readonly value: T; readonly missing?: never }
  | { readonly value?: never; readonly missing: string };

const NOTHING: Remembered = { processes: 0 };

const REMEMBERED_CONTAINERS = 4096;
const USER_HZ = 100;

export function openContainerViews(options: ContainerViewsOptions): ContainerViews {
  const notebook = options.notebook ?? openNotebook();
  const isCurrent = (key: string): boolean => isKeyOfLiving(options.root, key);
  const remembered = new RememberedMap<Remembered>(notebook, "container", REMEMBERED_CONTAINERS, isCurrent);
  const pageBytes = once(() => readPageSize(options.root));
  const moments = new WeakMap<HostText, AncestorsOf>();
  return {
    open: (container, host) => {
      const ancestorsOf = moments.get(host) ?? openAncestors(options.reader);
      moments.set(host, ancestorsOf);
      return openView({ ...options, remembered, pageBytes, ancestorsOf, container, host });
    },
  };
}

/** What one view is made from. */
interface Ground extends ContainerViewsOptions {
  readonly remembered: RememberedMap<Remembered>;
  readonly pageBytes: () => number;
  /** As old as `host`. */
  readonly ancestorsOf: AncestorsOf;
  readonly container: Container;
  readonly host: HostText;
}

/** What several parts share, each computed once. */
interface Shared {
  readonly choices: ViewChoices;
  /** The container's own cgroup, without its ancestors. */
  readonly own: CgroupStats;
  readonly effective: EffectiveLimits;
  readonly quotaCpus: () => number;
  readonly cpus: () => readonly number[];
  readonly ageSeconds: () => number;
  readonly bootDelaySeconds: () => number;
  readonly load: () => LoadReading;
}

function openView(ground: Ground): ContainerView {
  const shared = share(ground);
  const parts = {
    memory: once(() => memoryPart(ground, shared)),
    cpu: once(() => (shared.choices.cpus === "host" ? { missing: SWITCHED_OFF } : cpuPart(ground, shared))),
    load: once(() => (shared.choices.loadavg ? loadPart(shared) : { missing: SWITCHED_OFF })),
    io: once(() => ownPart(shared.own.io, "no cgroup of its own that counts block I/O")),
    pressure: once(() => ownPart(shared.own.pressure, "no pressure of its cgroup")),
  };
  return lazyView({
    memory: () => parts.memory().value,
    cpu: () => parts.cpu().value,
    load: () => parts.load().value,
    io: () => parts.io().value,
    pressure: () => parts.pressure().value,
    cpus: () => shared.cpus(),
    pageBytes: ground.pageBytes,
    possibleCpus: () => shared.choices.possibleCpus,
    uptimeSeconds: () => uptimeSeconds(ground, shared),
    bootDelaySeconds: () => shared.bootDelaySeconds(),
    missing: () => (part) => parts[part]().missing,
  });
}

const lazyView = lazyClass<ContainerView>();
const lazyMemory = lazyClass<MemoryView>();
const lazyCpu = lazyClass<CpuView>();

function share({ root, reader, loads, choicesOf, ancestorsOf, container, host }: Ground): Shared {
  const choices = choicesOf?.(container.cgroup) ?? DEFAULT_VIEW_OPTIONS;
  const effective = readEffective(reader, container.cgroup, ancestorsOf);
  const quotaCpus = once(() => effective.quotaCpus);
  const limits = () => ({ effectiveCpus: effective.cpus, quotaCpus: quotaCpus() });
  const age = once(() => ageSeconds(container, host));
  return {
    choices,
    own: reader.read(container.cgroup),
    effective,
    quotaCpus,
    cpus: once(() => {
      const online = () => onlineCpus(root);
      return choices.cpus === "host" ? online() : visibleCpus(limits(), online, choices.cpus);
    }),
    ageSeconds: age,
    bootDelaySeconds: once(() => bootDelaySeconds(root, container)),
    load: once(() => loads.read(container, age)),
  };
}

function memoryPart({ host }: Ground, { effective, choices }: Shared): Part<MemoryView> {
  const { memory } = effective;
  if (memory === undefined) return { missing: "no memory cgroup of its own or above it" };
  return { value: memoryView(memory, host.text("meminfo"), choices.swap) };
}

function cpuPart({ remembered, container }: Ground, shared: Shared): Part<CpuView> {
  const used = shared.own.cpu;
  if (used === undefined) return { missing: "no cgroup of its own that counts CPU time" };
  const { usageSeconds, niceSeconds = 0, userSeconds, systemSeconds } = used;
  const atSeconds = shared.ageSeconds();
  const before = remembered.get(container.key) ?? NOTHING;
  const account = advanceCpuAccount(
    before.cpu,
    { atSeconds, usageSeconds, userSeconds: userSeconds - niceSeconds, niceSeconds, systemSeconds },
    {
      cpus: shared.cpus(),
      capacityCpus: Math.min(shared.quotaCpus(), shared.cpus().length),
      cgroup: cpuCgroup(container),
    },
  );
  remembered.set(container.key, { ...before, cpu: account });
  const processes = (): number => countProcesses(remembered, container, shared.load().census);
  return { value: cpuView(account, () => shared.load().census, processes) };
}

/** Where its CPU time is counted. */
function cpuCgroup({ cgroup: { unified, controllers } }: Container): string {
  return controllers.get("cpuacct") ?? unified ?? "";
}

function loadPart(shared: Shared): Part<LoadView> {
  const { load, census } = shared.load();
  if (census.threads === 0) return { missing: "no cgroup of its own that has its processes" };
  return {
    value: {
      load1: loadValue(load[0]),
      load5: loadValue(load[1]),
      load15: loadValue(load[2]),
      running: atLeastTheReader(census),
      threads: census.threads,
      lastPid: census.lastPid,
    },
  };
}

function ownPart<T>(value: T | undefined, missing: string): Part<T> {
  return value === undefined ? { missing } : { value };
}

/** The newest pid is how many a pid namespace has given out, until they wrap. */
function countProcesses(
  remembered: RememberedMap<Remembered>,
  { key }: Container,
  { lastPid, threads }: TaskCensus,
): number {
  const before = remembered.get(key) ?? NOTHING;
  const processes = Math.max(before.processes, lastPid, threads);
  if (processes > before.processes) remembered.set(key, { ...before, processes });
  return processes;
}

function memoryView(
  { stats, limitBytes, roomBytes, swapLimitBytes, memswLimitBytes = swapLimitBytes }: EffectiveMemory,
  hostMeminfo: string,
  swap: ViewChoices["swap"],
): MemoryView {
  const limit = swap === "memsw" ? memswLimitBytes : swapLimitBytes;
  const swapTotal = Math.min(limit ?? 0, hostBytes(hostMeminfo, "SwapTotal"));
  const hasSwap = swap !== "off" && limit !== undefined;
  return lazyMemory({
    totalBytes: () => Math.min(limitBytes, hostBytes(hostMeminfo, "MemTotal")),
    usageBytes: () => stats.usageBytes,
    roomBytes: () => roomBytes,
    // swaps does without memory.stat, for which the kernel adds up per-CPU counters.
    detail: () => stats.detail,
    swap: () => (hasSwap ? { totalBytes: swapTotal, usedBytes: stats.swapUsageBytes ?? 0 } : undefined),
  });
}

/** Two lines of sixty: parsing the others would cost more than all the rest of a view. */
function hostBytes(meminfo: string, name: string): number {
  const kibibytes = new RegExp(`^${name}: +(\\d+) kB$`, "m").exec(meminfo)?.[1];
  return Number(kibibytes ?? 0) * 1024;
}

/** The counts of tasks are lazy: /proc/uptime needs the idle time only. */
function cpuView(account: CpuAccount, census: () => TaskCensus, processes: () => number): CpuView {
  const ticks = once(() => accountTicks(account));
  return lazyCpu({
    ticks: () => ticks().ticks,
    total: () => ticks().total,
    running: () => atLeastTheReader(census()),
    blocked: () => census().blocked,
    processes,
  });
}

/** On a machine of its own whoever reads the number is running; here it sleeps until we answer. */
function atLeastTheReader({ running }: TaskCensus): number {
  return Math.max(1, running);
}

function ageSeconds({ startTicks }: Container, host: HostText): number {
  const { uptimeSeconds } = parseUptime(host.text("uptime"));
  return Math.max(0, uptimeSeconds - startTicks / USER_HZ);
}

/** In a time namespace of its own the container's clock since boot is the host's less what it was booted later. */
function uptimeSeconds({ host }: Ground, { ageSeconds, bootDelaySeconds }: Shared): number {
  const delay = bootDelaySeconds();
  if (delay === 0) return ageSeconds();
  return Math.max(0, parseUptime(host.text("uptime")).uptimeSeconds - delay);
}

function bootDelaySeconds(root: HostRoot, { init }: Container): number {
  const offset = readTimensOffsets(root, init)?.boottimeSeconds ?? 0;
  return offset === 0 ? 0 : -offset;
}

function onlineCpus(root: HostRoot): readonly number[] {
  const path = root.sys("devices/system/cpu/online");
  const ids = parseCpuList(readKernelAttribute(path) ?? "", path);
  return ids.length > 0 ? ids : [0];
}
