import { existsSync, statfsSync } from "node:fs";
import { dirname, join } from "node:path";
import type { SystemInfoAnswer } from "../../core/runtime/engine-types.ts";
import { errorLine, PlimsollError } from "../../core/runtime/errors.ts";
import { type Exec, exec } from "../../core/runtime/exec.ts";
import type { Logger } from "../../core/runtime/log.ts";
import { EngineConnection } from "../docker/request.ts";
import { openOvs } from "../drivers/ovs.ts";
import type { BondMember } from "../drivers/ovs-bonds.ts";
import { renderBytes } from "../step/render.ts";
import { Lvm } from "../volumes/lvm.ts";
import { findPool, type ThinPool } from "../volumes/thin-pool.ts";
import type { HostConfig } from "./config.ts";

/** A server that has not answered by then will not. */
const ANSWER_MS = 5000;

/** Something a host stands on, or why it is not there. */
export type Part<T> = (T & { readonly problem?: never }) | Absence;

export interface Absence {
  readonly problem: string;
  readonly hint?: string;
}

export interface NetworkStatus {
  readonly bridge: string;
  readonly datapath: string;
  readonly bond?: { readonly name: string; readonly members: readonly BondMember[] };
}

/** Disks as files have no group. */
export interface StorageStatus {
  readonly group?: string;
  readonly bytes: number;
  readonly freeBytes: number;
  readonly pool?: ThinPool;
}

/** What an engine tells of itself, with what every engine has. */
export type EngineInfo = SystemInfoAnswer &
  Required<Pick<SystemInfoAnswer, "ServerVersion" | "Driver" | "DockerRootDir">>;

/** What a host has of what its machines stand on. */
export interface HostStatus {
  readonly name: string;
  readonly network: Part<NetworkStatus>;
  readonly storage: Part<StorageStatus>;
  readonly docker: Part<EngineInfo>;
  readonly shim: Part<{ readonly mount: string }>;
}

export async function readHostStatus(config: HostConfig, log: Logger, run: Exec = exec): Promise<HostStatus> {
  const [network, storage, docker, shim] = await Promise.all([
    part(() => readNetwork(config, log)),
    part(() => readStorage(config, run)),
    part(() => readEngine(config.docker)),
    part(() => readShim(config.shim, run)),
  ]);
  return { name: config.name, network, storage, docker, shim };
}

/** `name: value` lines for a reader. */
export function renderHostStatus({ name, network, storage, docker, shim }: HostStatus): string {
  const lines: readonly (readonly [string, string])[] = [
    ["host", name],
    ["network", told(network, renderNetwork)],
    ["storage", told(storage, renderStorage)],
    ["docker", told(docker, ({ ServerVersion, Driver }) => `${ServerVersion}, ${Driver}`)],
    ["shim", told(shim, ({ mount }) => mount)],
  ];
  return lines.map(([title, text]) => `${`${title}:`.padEnd(10)}${text}\n`).join("");
}

async function part<T>(read: () => Promise<T>): Promise<Part<T>> {
  try {
    return (await read()) as Part<T>;
  } catch (error) {
    const hint = hintOf(error);
    if (hint === undefined) return { problem: errorLine(error) };
    return { problem: errorLine(error).slice(0, -` (hint: ${hint})`.length), hint };
  }
}

function hintOf(error: unknown): string | undefined {
  return error instanceof PlimsollError ? (error.hint ?? hintOf(error.cause)) : undefined;
}

function told<T>(it: Part<T>, render: (it: T) => string): string {
  return it.problem === undefined ? render(it as T) : it.problem;
}

async function readNetwork({ ovs: remote, bridge, bond }: HostConfig, log: Logger): Promise<NetworkStatus> {
  const ovs = await openOvs({ remote, log });
  try {
    const found = ovs.bridges().find(({ name }) => name === bridge);
    const hint = { hint: "plimsoll host init makes it" };
    if (found === undefined) throw new PlimsollError("HOST", `bridge ${bridge}: is not there`, hint);
    const status = { bridge, datapath: found.datapath };
    if (bond === undefined) return status;
    if (!found.ports.some(({ name }) => name === bond.name))
      throw new PlimsollError("HOST", `bond ${bond.name}: is not on ${bridge}`, hint);
    const { members } = ovs.bondState(bond.name);
    return { ...status, bond: { name: bond.name, members: members.toSorted(byName) } };
  } finally {
    await ovs.close();
  }
}

function byName(a: BondMember, b: BondMember): number {
  return a.name.localeCompare(b.name, "en", { numeric: true });
}

/** Where data disks are, and how much there is. */
export async function readStorage({ data, storage }: HostConfig, run: Exec = exec): Promise<StorageStatus> {
  if (storage === undefined) {
    const { blocks, bavail, bsize } = statfsSync(existingFolder(data));
    return { bytes: blocks * bsize, freeBytes: bavail * bsize };
  }
  const { group, thin } = storage;
  const lvm = new Lvm(run);
  const volumes = await lvm.volumes(group);
  const found = (await lvm.groups()).find(({ name }) => name === group);
  const pool = thin && findPool(volumes, thin.pool);
  if (thin !== undefined && pool === undefined)
    throw new PlimsollError("HOST", `thin pool ${group}/${thin.pool}: is not there`, {
      hint: "plimsoll host init makes it",
    });
  const { bytes = 0, freeBytes = 0 } = found ?? {};
  return { group, bytes, freeBytes, ...(pool === undefined ? {} : { pool }) };
}

export async function readEngine(socketPath: string): Promise<EngineInfo> {
  const connection = new EngineConnection(socketPath);
  try {
    const { text } = await connection.call("GET", "/info", { signal: AbortSignal.timeout(ANSWER_MS) });
    const info: SystemInfoAnswer = JSON.parse(text);
    const { ServerVersion, Driver, DockerRootDir } = info;
    if (ServerVersion === undefined || Driver === undefined || DockerRootDir === undefined)
      throw new PlimsollError(
        "DOCKER",
        "docker: does not tell its version, its storage driver or its folder",
      );
    return { ...info, ServerVersion, Driver, DockerRootDir };
  } finally {
    await connection.close();
  }
}

/** Asked by a process that can be given up: what answers is a server behind a mount. */
async function readShim(mount: string, run: Exec): Promise<{ readonly mount: string }> {
  try {
    await run(["stat", "--format=%s", join(mount, "proc/meminfo")], { timeoutMs: ANSWER_MS });
    return { mount };
  } catch {
    const hint = `plimsoll-shim serve --mount ${mount}`;
    throw new PlimsollError("HOST", `shim: nobody serves ${mount}`, { hint });
  }
}

/** A folder that is yet to be made will be where its parent is. */
function existingFolder(path: string): string {
  return existsSync(path) ? path : existingFolder(dirname(path));
}

function renderNetwork({ bridge, datapath, bond }: NetworkStatus): string {
  const kind = datapath === "system" ? "kernel" : "userspace";
  const members = (bond?.members ?? []).map(renderMember);
  return [`${bridge}, ${kind} datapath`, ...members].join("; ");
}

function renderMember({ name, hasCarrier, isActive, problem }: BondMember): string {
  return `${name} ${problem ?? (hasCarrier ? (isActive ? "active" : "standing by") : "without carrier")}`;
}

function renderStorage({ group, bytes, freeBytes, pool }: StorageStatus): string {
  const room = `${renderBytes(freeBytes)} of ${renderBytes(bytes)} free`;
  if (group === undefined) return `files, ${room}`;
  return pool === undefined
    ? `volume group ${group}, ${room}`
    : `volume group ${group}, ${room}; ${renderPool(pool)}`;
}

function renderPool({ bytes, promisedBytes, dataPercent, metadataPercent }: ThinPool): string {
  const promised = (promisedBytes / bytes).toFixed(2);
  return `thin pool of ${renderBytes(bytes)}, ${dataPercent} % full, metadata ${metadataPercent} %, promised ${promised} times`;
}
