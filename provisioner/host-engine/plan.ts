import { type FolderMount, findRootStorage } from "../host/checks/docker.ts";
import type { EngineInfo } from "../host/status.ts";

/** Docker as `host.yaml` wants it: what a container may write outside /data has an end. */
export interface HostEngineSpec {
  /** Its socket. */
  readonly socket: string;
  /** The engine's configuration (dockerd(8), `daemon.json`). */
  readonly file: string;
  /** Of each container's own storage. */
  readonly rootBytes: number;
  /** A thin pool for the devicemapper driver, in the volume group of the data disks; engines before 25 have it. */
  readonly pool?: ThinPoolSpec;
}

interface ThinPoolSpec {
  readonly group: string;
  readonly name: string;
  readonly bytes: number;
}

/** What `daemon.json` has, as far as it is read; the rest goes through as it is. */
export type EngineSettings = Readonly<Record<string, unknown>>;

export interface ObservedEngine {
  /** Undefined where it does not answer. */
  readonly info: EngineInfo | undefined;
  /** The file system that its folder is on. */
  readonly root: FolderMount | undefined;
  readonly settings: EngineSettings;
  /** They were written, and it was not started with them: who did so was killed. */
  readonly isDue: boolean;
  readonly hasPool: boolean;
  /** Whether something here can start it again. */
  readonly canRestart: boolean;
}

/** The kinds of change, and what each is about. */
export interface HostEngineChangeArgs {
  createPool: ThinPoolSpec;
  /** Written, and the engine started again: it reads them then only. */
  configure: {
    readonly socket: string;
    readonly file: string;
    readonly driver: string;
    readonly settings: EngineSettings;
  };
}

export type HostEngineChange<K extends keyof HostEngineChangeArgs = keyof HostEngineChangeArgs> = {
  [P in K]: { readonly kind: P } & HostEngineChangeArgs[P];
}[K];

/** Why the changes must not be made as they are. */
export interface HostEngineProblem {
  readonly subject: string;
  readonly message: string;
  readonly hint?: string;
}

export interface HostEnginePlan {
  readonly changes: readonly HostEngineChange[];
  readonly problems: readonly HostEngineProblem[];
}

/** The first engine without devicemapper. */
const WITHOUT_DEVICE_MAPPER = 25;

/** What has the engine limit what containers write. Nothing that it holds is ever hidden or stopped for that. */
export function planHostEngine(observed: ObservedEngine, spec: HostEngineSpec): HostEnginePlan {
  const { info, isDue } = observed;
  if (info === undefined)
    return refusal(
      "does not answer",
      isDue ? `${spec.file}.former is what it was started with` : "systemctl start docker",
    );
  const wanted =
    spec.pool === undefined ? onOverlay(spec, info, observed.root) : onPool(spec.pool, spec, info);
  if ("problems" in wanted) return wanted;
  const settings = merge(observed.settings, wanted);
  const isWritten = JSON.stringify(settings) === JSON.stringify(observed.settings);
  const isThere = isWritten && !isDue && info.Driver === wanted.driver;
  const pool = spec.pool !== undefined && !observed.hasPool ? [spec.pool] : [];
  const { socket, file } = spec;
  const configure = { kind: "configure" as const, socket, file, driver: wanted.driver, settings };
  return {
    changes: [
      ...pool.map((each) => ({ kind: "createPool" as const, ...each })),
      ...(isThere ? [] : [configure]),
    ],
    problems: isThere ? [] : findObstacles(observed, info, wanted.driver),
  };
}

/** A storage driver, and those of its options that are ours to say. */
interface WantedStorage {
  readonly driver: string;
  readonly options: readonly string[];
}

/** XFS counts the blocks of each container for it; on anything else overlay2 takes no size. */
function onOverlay(
  { rootBytes }: HostEngineSpec,
  info: EngineInfo,
  root: FolderMount | undefined,
): WantedStorage | HostEnginePlan {
  const { state, what, hint } = findRootStorage(info, root);
  if (info.Driver === "overlay2" && state === "ok")
    return { driver: "overlay2", options: [`overlay2.size=${rootBytes}`] };
  // Its containers can be limited, each by itself; there is no limit for all.
  if (state === "ok") return refusal(`${info.Driver} has no limit that holds for every container`);
  return refusal(what, hint);
}

function onPool(
  { group, name }: ThinPoolSpec,
  { rootBytes }: HostEngineSpec,
  { ServerVersion }: EngineInfo,
): WantedStorage | HostEnginePlan {
  if (Number.parseInt(ServerVersion, 10) >= WITHOUT_DEVICE_MAPPER)
    return refusal(
      `Docker ${ServerVersion} has no devicemapper`,
      "without engine.pool in host.yaml, and Docker's folder on XFS mounted with pquota",
    );
  return {
    driver: "devicemapper",
    options: [
      `dm.thinpooldev=/dev/mapper/${mapperName(group)}-${mapperName(name)}`,
      "dm.use_deferred_removal=true",
      "dm.use_deferred_deletion=true",
      `dm.basesize=${rootBytes}`,
    ],
  };
}

/** A dash within a name is two, for the one between the names is one (lvm(8)). */
function mapperName(name: string): string {
  return name.replaceAll("-", "--");
}

/** Others' options of the driver stay; of ours there is one each. With another driver's no engine starts. */
function merge(settings: EngineSettings, { driver, options }: WantedStorage): EngineSettings {
  const keyOf = (option: unknown): string => String(option).split("=", 1)[0] ?? "";
  const familyOf = (option: unknown): string => keyOf(option).split(".", 1)[0] ?? "";
  const [ours, family] = [options.map(keyOf), options.map(familyOf)];
  const theirs = [settings["storage-opts"] ?? []]
    .flat()
    .filter((option) => family.includes(familyOf(option)) && !ours.includes(keyOf(option)));
  return { ...settings, "storage-driver": driver, "storage-opts": [...theirs, ...options] };
}

/** A restart ends what runs, and another driver does not see what the one before has stored. */
function findObstacles(
  { canRestart }: ObservedEngine,
  { Driver, Containers = 0, ContainersRunning = 0, Images = 0, LiveRestoreEnabled = false }: EngineInfo,
  driver: string,
): readonly HostEngineProblem[] {
  if (Driver !== driver && Containers + Images > 0)
    return refusal(
      `${driver} would not see the ${Containers} containers and ${Images} images of ${Driver}`,
      "move machines away, then docker system prune --all",
    ).problems;
  if (ContainersRunning > 0 && !LiveRestoreEnabled)
    return refusal(
      `${ContainersRunning} containers run, and a restart of the engine ends them`,
      'stop them, or have "live-restore": true in daemon.json, and systemctl reload docker, first',
    ).problems;
  if (canRestart) return [];
  return refusal("no systemd here to start it again with what it is to be").problems;
}

function refusal(message: string, hint?: string): HostEnginePlan {
  return { changes: [], problems: [{ subject: "engine", message, ...(hint === undefined ? {} : { hint }) }] };
}
