import { existsSync } from "node:fs";
import { hostname } from "node:os";
import { environmentOption, environmentVariable, openConfigFile } from "../../core/runtime/config.ts";
import { parseDuration } from "../../core/runtime/duration.ts";
import { errorLine } from "../../core/runtime/errors.ts";
import type { ProbeMode } from "../drivers/arp.ts";
import type { BondSpec } from "../drivers/ovs-bonds.ts";
import type { HostEngineSpec } from "../host-engine/plan.ts";
import { splitLabel } from "../machines/documents.ts";
import { parseBytes } from "../machines/parse-spec.ts";
import { DEFAULT_REMOTE, parseRemote } from "../ovsdb/remote.ts";
import type { LvmStorage } from "../volumes/lvm-disks.ts";
import type { ThinPolicy } from "../volumes/thin-pool.ts";
import { Mapping, type Where } from "./mapping.ts";

/** Read when it exists and no other is named. */
const CONFIG_FILE = "/etc/plimsoll/host.yaml";
/** Of a volume group that a thin pool takes when it is made. */
const POOL_SIZE = "80%";

/** What a host's machines stand on. */
export interface HostConfig {
  /** In the store: whose machines they are. It must not change. */
  readonly name: string;
  /** The bridge that cards are plugged into. */
  readonly bridge: string;
  /** The bridge's way out; without one its machines reach each other only. */
  readonly bond?: BondSpec;
  /** Open vSwitch's database, `unix:/path` or `tcp:address:port`. */
  readonly ovs: string;
  /** Docker's socket. */
  readonly docker: string;
  /** Where the shim is mounted. */
  readonly shim: string;
  /** What machines have on this host: volumes, identities. */
  readonly data: string;
  /** Disks are logical volumes; without, they are files in `data`. */
  readonly storage?: HostStorage;
  /** What containers may write outside their data disks has an end; as the engine is, unless told. */
  readonly engine?: HostEngineSpec;
  /** Where their agents push to. */
  readonly push: readonly string[];
  readonly interval: string;
  /** Whom to tell of planned changes; nobody unless told. */
  readonly collector?: CollectorAccess;
  /** Where the daemon listens. */
  readonly socket: string;
  /** How thoroughly an address is asked for before its first use. */
  readonly probe: ProbeMode;
  /** Where an operator of the fleet finds it. */
  readonly address: string;
  /** What placement asks for. */
  readonly labels: Readonly<Record<string, string>>;
  /** What its machines may have in sum, where that is not what it has. */
  readonly capacity: HostCapacity;
}

export interface HostCapacity {
  readonly cpus?: number;
  readonly memoryBytes?: number;
  readonly diskBytes?: number;
}

/** A collector as this host reaches it. */
export interface CollectorAccess {
  /** `http://HOST:PORT`. */
  readonly url: string;
  /** A file with the token that it asks for from another host. */
  readonly tokenFile: string | undefined;
}

export interface HostStorage extends LvmStorage {
  /** Block devices that the group shall have; none where it is somebody else's to make. */
  readonly devices: readonly string[];
  /** Of the group, in percent, when the thin pool is made. */
  readonly poolPercent: number;
}

const KEYS = [
  ...["name", "bridge", "bond", "ovs", "docker", "shim", "data", "storage", "engine"],
  ...["push", "interval", "probe", "collector", "socket", "address", "labels", "capacity"],
] as const;
type Top = Mapping<(typeof KEYS)[number]>;
const CAPACITY_KEYS = ["cpus", "memory", "disk"] as const;
const COLLECTOR_KEYS = ["url", "tokenFile"] as const;
const BOND_KEYS = ["name", "nics", "primary", "vlans", "updelay"] as const;
const STORAGE_KEYS = ["group", "devices", "thin"] as const;
const ENGINE_KEYS = ["rootSize", "pool", "poolSize", "file"] as const;
const THIN_KEYS = ["pool", "size", "overcommit", "extend", "full"] as const;

/** `path`, else PLIMSOLL_HOST_CONFIG, else the default file if there is one. Throws UsageError naming the place of what is wrong. */
export async function readHostConfig(path: string | undefined): Promise<HostConfig> {
  const file =
    path ?? environmentOption("HOST_CONFIG") ?? (existsSync(CONFIG_FILE) ? CONFIG_FILE : undefined);
  if (file === undefined) return parseHostConfig(CONFIG_FILE, {});
  const { values, place } = await openConfigFile(file);
  return parseHostConfig(file, values, (...keys) => `configuration ${place(...keys)}`);
}

export function parseHostConfig(
  file: string,
  values: Readonly<Record<string, unknown>>,
  where: Where = `configuration ${file}`,
): HostConfig {
  const top = new Mapping(where, "", values, KEYS);
  const name = top.text("name", hostname());
  if (!/^[A-Za-z0-9][A-Za-z0-9.-]*$/.test(name))
    top.refuse("name", `${JSON.stringify(name)} is not a host name`);
  const interval = top.text("interval", "10s");
  parseDuration(top.nameOf("interval"), interval);
  const probe = top.text("probe", "rfc5227");
  if (probe !== "fast" && probe !== "rfc5227") return top.refuse("probe", "one of fast, rfc5227");
  const bridge = parseDevice(top, "bridge", top.text("bridge", "br0"));
  const bond = top.mapping("bond", BOND_KEYS);
  const storageMapping = top.mapping("storage", STORAGE_KEYS);
  const storage = storageMapping && parseStorage(storageMapping);
  const docker = values.docker === undefined ? dockerSocket() : top.path("docker");
  const engine = top.mapping("engine", ENGINE_KEYS);
  const collector = top.mapping("collector", COLLECTOR_KEYS);
  return {
    name,
    bridge,
    ...(bond === undefined ? {} : { bond: parseBond(bond, bridge) }),
    ovs: parseOvs(top),
    docker,
    shim: top.path("shim", "/var/lib/plimsoll/shim"),
    data: top.path("data", "/var/lib/plimsoll/machines"),
    ...(storage === undefined ? {} : { storage }),
    ...(engine === undefined ? {} : { engine: parseEngine(engine, docker, storage) }),
    push: parsePush(top),
    interval,
    ...(collector === undefined ? {} : { collector: parseCollector(collector) }),
    socket: top.path("socket", "/run/plimsoll/provisioner.sock"),
    probe,
    address: top.text("address", hostname()),
    labels: parseLabels(top),
    capacity: parseCapacity(top.mapping("capacity", CAPACITY_KEYS)),
  };
}

function parseLabels(top: Top): HostConfig["labels"] {
  const texts = top.texts("labels", "NAME=VALUE");
  const wrong = texts.findIndex((text) => !/^[A-Za-z0-9][A-Za-z0-9_.-]*=[^=]+$/.test(text));
  if (wrong !== -1) top.refuse("labels", "must be NAME=VALUE", wrong);
  const labels = texts.map(splitLabel);
  const again = findAgain(labels.map(([name]) => name));
  if (again !== undefined) top.refuse("labels", `${again.text} has two values`, again.index);
  return Object.fromEntries(labels);
}

/** `SCHEME://HOST…`; which schemes there are is the agent's to know. */
function parsePush(top: Top): readonly string[] {
  const urls = top.texts("push", "URLs");
  const wrong = urls.findIndex((url) => !/^[a-z][a-z0-9+-]*:\/\/[^/\s]/.test(url));
  return wrong === -1 ? urls : top.refuse("push", `${JSON.stringify(urls[wrong])} is no URL`, wrong);
}

function parseOvs(top: Top): string {
  const remote = top.text("ovs", DEFAULT_REMOTE);
  try {
    parseRemote(remote);
    return remote;
  } catch (error) {
    return top.refuse("ovs", errorLine(error));
  }
}

/** IFNAMSIZ (linux/if.h) without its NUL; no blanks, and nothing that is a path. */
function parseDevice<Key extends string>(mapping: Mapping<Key>, key: Key, name: string, at?: number): string {
  if (/^(?!\.{1,2}$)[^\s/:]{1,15}$/.test(name)) return name;
  return mapping.refuse(key, `${JSON.stringify(name)} is no name of a device`, at);
}

function findAgain(texts: readonly string[]): { readonly text: string; readonly index: number } | undefined {
  const index = texts.findIndex((text, at) => texts.indexOf(text) < at);
  const text = texts[index];
  return text === undefined ? undefined : { text, index };
}

function parseCapacity(capacity: Mapping<(typeof CAPACITY_KEYS)[number]> | undefined): HostCapacity {
  if (capacity === undefined) return {};
  const cpus = capacity.number("cpus", 0, 0, 100_000);
  const [memory, disk] = [capacity.optionalText("memory"), capacity.optionalText("disk")];
  return {
    ...(cpus === 0 ? {} : { cpus }),
    ...(memory === undefined ? {} : { memoryBytes: parseBytes(capacity.nameOf("memory"), memory) }),
    ...(disk === undefined ? {} : { diskBytes: parseBytes(capacity.nameOf("disk"), disk) }),
  };
}

function parseCollector(collector: Mapping<(typeof COLLECTOR_KEYS)[number]>): CollectorAccess {
  const url = collector.text("url");
  if (!/^https?:\/\/[^/]+$/.test(url) || !URL.canParse(url))
    collector.refuse("url", `${JSON.stringify(url)} is not http://HOST:PORT`);
  return { url, tokenFile: collector.optionalText("tokenFile") };
}

function parseBond(bond: Mapping<(typeof BOND_KEYS)[number]>, bridge: string): BondSpec {
  const members = bond.texts("nics", "names of NICs").map((nic, at) => parseDevice(bond, "nics", nic, at));
  if (members.length === 0) bond.refuse("nics", "is needed");
  const again = findAgain(members);
  if (again !== undefined) bond.refuse("nics", `${again.text} is there twice`, again.index);
  const primary = bond.optionalText("primary");
  if (primary !== undefined && !members.includes(primary))
    bond.refuse("primary", `${primary} is none of its nics`);
  return {
    name: bond.text("name", "bond0"),
    bridge,
    members,
    primary,
    trunks: bond.numbers("vlans", 1, 4094),
    updelayMs: parseDuration(bond.nameOf("updelay"), bond.text("updelay", "200ms")),
  };
}

function parseStorage(storage: Mapping<(typeof STORAGE_KEYS)[number]>): HostStorage {
  const group = parseName(storage, "group", storage.text("group"));
  const devices = storage.texts("devices", "paths of block devices");
  const wrong = devices.findIndex((device) => !device.startsWith("/dev/"));
  if (wrong !== -1) storage.refuse("devices", "must be paths of block devices", wrong);
  const thin = storage.mapping("thin", THIN_KEYS);
  return {
    group,
    devices,
    ...(thin === undefined ? {} : { thin: parseThin(thin) }),
    poolPercent: thin === undefined ? 0 : parsePercent(thin),
  };
}

function parseThin(thin: Mapping<(typeof THIN_KEYS)[number]>): ThinPolicy {
  const extendPercent = thin.number("extend", 80, 1, 100);
  return {
    pool: parseName(thin, "pool", thin.text("pool", "machines")),
    overcommit: thin.number("overcommit", 2, 0.1, 100),
    extendPercent,
    fullPercent: thin.number("full", 95, extendPercent, 100),
  };
}

/** `storage`: with the volume group that its thin pool is in. */
function parseEngine(
  engine: Mapping<(typeof ENGINE_KEYS)[number]>,
  socket: string,
  storage: HostStorage | undefined,
): HostEngineSpec {
  const size = (key: "rootSize" | "poolSize"): number => parseBytes(engine.nameOf(key), engine.text(key));
  const spec = { socket, file: engine.path("file", "/etc/docker/daemon.json"), rootBytes: size("rootSize") };
  const pool = engine.optionalText("pool");
  if (pool === undefined && engine.optionalText("poolSize") !== undefined)
    engine.refuse("poolSize", "needs engine.pool");
  if (pool === undefined) return spec;
  if (storage === undefined) return engine.refuse("pool", "needs storage.group, which it is in");
  const name = parseName(engine, "pool", pool);
  // Both would number the volumes in it, each for itself.
  if (name === storage.thin?.pool) engine.refuse("pool", `${name} is the machines' own`);
  return { ...spec, pool: { group: storage.group, name, bytes: size("poolSize") } };
}

function parsePercent(thin: Mapping<(typeof THIN_KEYS)[number]>): number {
  const percent = Number(/^(\d+)%$/.exec(thin.text("size", POOL_SIZE))?.[1]);
  return percent >= 1 && percent <= 95 ? percent : thin.refuse("size", "1% to 95% of the group");
}

/** lvm(8), VALID NAMES, without those that begin with what lvm2 keeps for itself. */
function parseName<Key extends string>(mapping: Mapping<Key>, key: Key, name: string): string {
  if (/^[A-Za-z0-9_+][A-Za-z0-9_+.-]{0,62}$/.test(name)) return name;
  return mapping.refuse(key, `${JSON.stringify(name)} is no name for lvm2`);
}

function dockerSocket(): string {
  return (environmentVariable("DOCKER_HOST") ?? "/var/run/docker.sock").replace(/^unix:\/\//, "");
}
