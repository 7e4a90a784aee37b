import { type HostRoot, openHostRoot } from "../../core/kernel/host-root.ts";
import { environmentVariable } from "../../core/runtime/config.ts";
import { errorLine, NotFoundError, PlimsollError, UsageError } from "../../core/runtime/errors.ts";
import { findShims } from "../operate/find-shims.ts";
import type { ShimStatus } from "../operate/status.ts";
import {
  type ContainerProcess,
  type HostMounts,
  NOT_A_CONTAINER,
  openContainerProcess,
  readHostMounts,
} from "./container-process.ts";
import { openDockerEngine } from "./docker-engine.ts";
import { type FoundContainer, findContainers, type Search } from "./find-containers.ts";
import { type MountedFile, type Outcome, placeFiles, takeFiles } from "./mount-files.ts";

/** Which containers, as the command line says it. */
export interface Selection {
  /** `4217` or `docker:web`. */
  readonly named: readonly string[];
  readonly all: boolean;
}

/** What was done to one container. */
export interface Attachment extends FoundContainer {
  readonly files: readonly MountedFile[];
  /** Why nothing could be done. */
  readonly error?: string;
}

/** What is done to a container. */
export type Treatment = (container: ContainerProcess) => Promise<readonly MountedFile[]>;

export function attachTo(
  shim: Pick<ShimStatus, "mountPoint">,
  action: "place" | "plan" = "place",
): Treatment {
  return (container) => placeFiles(container, shim.mountPoint, action);
}

export const detachFrom: Treatment = (container) => takeFiles(container);

/** The one running shim, or the one on `mountPoint`. */
export async function findOneShim(mountPoint: string | undefined): Promise<ShimStatus> {
  const [shim, ...others] = await findShims(mountPoint);
  if (shim === undefined) throw new NotFoundError("no plimsoll-shim runs");
  if (others.length === 0) return shim;
  const mounts = [shim, ...others].map((each) => each.mountPoint).join(", ");
  throw new UsageError(`several shims run: ${mounts}`, { hint: "say which: --mount DIR" });
}

/** This host, and its engine. */
export function openSearch(dockerOnly: boolean): Search {
  return { root: openHostRoot(), docker: openDockerEngine(dockerSocket()), dockerOnly };
}

/** The local engine's socket: DOCKER_HOST, or Docker's own. */
export function dockerSocket(): string {
  return (environmentVariable("DOCKER_HOST") || "/var/run/docker.sock").replace(/^unix:\/\//, "");
}

/**
 * Treats the containers one after the other. Of those that were named the first that cannot be treated is an error; of all
 * that were found it is told of, and the others are treated.
 */
export async function treatContainers(
  selection: Selection,
  treatment: Treatment,
  search: Search,
): Promise<readonly Attachment[]> {
  const targets = parseSelection(selection);
  const host = readHostMounts(search.root);
  return selection.all ? treatAll(search, host, treatment) : treatNamed(targets, search, host, treatment);
}

type Target = { readonly pid: number } | { readonly container: string };

/** What was named; throws UsageError for what cannot be meant. */
export function parseSelection({ named, all }: Selection): readonly Target[] {
  if (all === named.length > 0) {
    throw new UsageError(all ? "containers are named, and --all" : "no container named", {
      hint: "PID, docker:NAME, or --all",
    });
  }
  return named.map(parseTarget);
}

function parseTarget(name: string): Target {
  const [, container] = /^docker:(.+)$/.exec(name) ?? [];
  if (container !== undefined) return { container };
  if (/^[1-9]\d{0,9}$/.test(name)) return { pid: Number(name) };
  throw new UsageError(`${JSON.stringify(name)} is not a container`, { hint: "PID, or docker:NAME" });
}

async function treatNamed(
  targets: readonly Target[],
  { root, docker }: Search,
  host: HostMounts,
  treatment: Treatment,
): Promise<readonly Attachment[]> {
  const treated: Attachment[] = [];
  for (const target of targets) {
    const found = "pid" in target ? target : { ...target, pid: await docker.initPid(target.container) };
    treated.push({ ...found, files: await treatProcess(root, found.pid, host, treatment) });
  }
  return treated;
}

async function treatAll(
  search: Search,
  host: HostMounts,
  treatment: Treatment,
): Promise<readonly Attachment[]> {
  const treated: Attachment[] = [];
  for (const found of await findContainers(search, host)) {
    try {
      treated.push({ ...found, files: await treatProcess(search.root, found.pid, host, treatment) });
    } catch (error) {
      if (!isNoContainer(error)) treated.push({ ...found, files: [], error: errorLine(error) });
    }
  }
  return treated;
}

/** Opens `pid`'s container and treats it. */
export async function treatProcess(
  root: HostRoot,
  pid: number,
  host: HostMounts,
  treatment: Treatment,
): Promise<readonly MountedFile[]> {
  const container = openContainerProcess(root, pid, host);
  try {
    return await treatment(container);
  } finally {
    container.close();
  }
}

/** A process that was found, and is no container, or no more. */
export function isNoContainer(error: unknown): boolean {
  return error instanceof NotFoundError || (error instanceof PlimsollError && error.code === NOT_A_CONTAINER);
}

/** `4217 web: 14 placed, 1 covered, 1 failed` and a line for each file that a reader might ask about. */
export function renderAttachment({ pid, container, files, error }: Attachment): string {
  const who = container === undefined ? `${pid}` : `${pid} ${container}`;
  if (error !== undefined) return `${who}: ${error}\n`;
  const counts = Object.entries(countOutcomes(files)).map(([outcome, count]) => `${count} ${outcome}`);
  const summary = counts.join(", ") || "nothing to do";
  const noted = files.filter(({ outcome }) => outcome === "failed" || outcome === "covered");
  const details = noted.map(
    ({ path, outcome, why }) => `  ${outcome} ${path}${why === undefined ? "" : `: ${why}`}\n`,
  );
  return `${who}: ${summary}\n${details.join("")}`;
}

/** How many files had each outcome that any had. */
export function countOutcomes(files: readonly MountedFile[]): Readonly<Partial<Record<Outcome, number>>> {
  const counts: Partial<Record<Outcome, number>> = {};
  for (const { outcome } of files) counts[outcome] = (counts[outcome] ?? 0) + 1;
  return counts;
}

/** Whether anything was not done. */
export function hasFailed({ files, error }: Attachment): boolean {
  return error !== undefined || files.some(({ outcome }) => outcome === "failed");
}
