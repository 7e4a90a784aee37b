import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { PlimsollError } from "../../core/runtime/errors.ts";
import { exec } from "../../core/runtime/exec.ts";
import type { Logger } from "../../core/runtime/log.ts";
import { UndoStack } from "../../core/runtime/undo.ts";
import { packageDirectory } from "../../core/runtime/version.ts";
import { reserveSubnet, type Subnet } from "../container/address.ts";
import { startBuiltIn } from "../container/built-in.ts";
import {
  type CgroupLimits,
  cgroupAt,
  commandInCgroup,
  createCgroup,
  removeCgroup,
} from "../container/cgroup.ts";
import { startDocker } from "../container/docker.ts";
import { createLink, type Link, removeLink } from "../container/link.ts";
import { removeMountPoint } from "../container/mount-point.ts";
import type { ContainerSpec, RunningContainer } from "../container/types.ts";
import { openDockerEngine } from "../docker/engine.ts";
import { LAYOUT } from "./layout.ts";
import { removeLeftovers } from "./leftovers.ts";
import { checkHost } from "./preflight.ts";
import { type Service, startService } from "./service.ts";
import { takeLock } from "./single-instance.ts";

const SAMPLE: Required<CgroupLimits> = { memoryBytes: 512 * 2 ** 20, cpus: 0.5 };

export interface UpOptions {
  readonly port: number;
  /** URLs of the collector's sinks, as `plimsoll-collector serve --forward` takes them. */
  readonly forward: readonly string[];
  /** An image of the local Docker engine; undefined for the built-in container. */
  readonly dockerImage: string | undefined;
  readonly dockerSocket: string;
  /** Sees every log line of shim and collector. */
  readonly onLine: (line: string) => void;
  /** Ends the start between two steps. */
  readonly signal: AbortSignal;
}

/** The whole line, running. */
export interface Running {
  readonly container: RunningContainer;
  readonly address: string;
  readonly collectorUrl: string;
  /** Rejects as soon as one of the parts ends by itself; never resolves. */
  readonly failure: Promise<never>;
}

/**
 * Starts shim, collector and one container with an agent, calls `use`, and takes everything down
 * again whatever happens. Every change to the host has its undo on the next line.
 */
export async function withRunning<T>(
  options: UpOptions,
  log: Logger,
  use: (running: Running) => Promise<T>,
): Promise<T> {
  checkHost();
  const undo = new UndoStack(log);
  undo.add("lock", await takeLock(LAYOUT.lock));
  try {
    await removeLeftovers(options.dockerSocket, log);
    return await use(await startAll(options, undo));
  } finally {
    await undo.run();
  }
}

async function startAll(options: UpOptions, undo: UndoStack): Promise<Running> {
  const { port, signal } = options;
  const subnet = await reserveSubnet(LAYOUT.reservation);
  makeGround(undo);
  const shim = await startShim(options, undo);
  signal.throwIfAborted();
  const link = await makeLink(subnet, undo);
  const collector = await startCollector(subnet.gateway, options, undo);
  signal.throwIfAborted();
  const container = await startContainer(specOf(subnet, port), link, options, undo);
  undo.add("container", () => container.stop());
  return {
    container,
    address: subnet.address,
    collectorUrl: `http://127.0.0.1:${port}`,
    failure: firstFailure([shim, collector], container),
  };
}

/** The directory and the cgroups that everything else stands in. */
function makeGround(undo: UndoStack): void {
  mkdirSync(LAYOUT.shimMount, { recursive: true });
  undo.add("run directory", () => removeMountPoint(LAYOUT.runDirectory));
  undo.add("shim mount point", () => removeMountPoint(LAYOUT.shimMount));
  const whole = cgroupAt(LAYOUT.cgroup);
  undo.add("cgroup", () => removeCgroup(whole));
  createCgroup(cgroupAt(LAYOUT.servicesCgroup), {});
}

function startShim(options: UpOptions, undo: UndoStack): Promise<Service> {
  return startProgram("plimsoll-shim", ["serve", "--mount", LAYOUT.shimMount], options, undo);
}

/** On loopback for people, and on the container's wire for its agent. */
function startCollector(gateway: string, options: UpOptions, undo: UndoStack): Promise<Service> {
  const listen = ["127.0.0.1", gateway].flatMap((address) => ["--listen", `${address}:${options.port}`]);
  const forward = options.forward.flatMap((url) => ["--forward", url]);
  return startProgram(
    "plimsoll-collector",
    ["serve", "--data", "none", ...listen, ...forward],
    options,
    undo,
  );
}

async function startProgram(
  name: string,
  args: readonly string[],
  { onLine }: UpOptions,
  undo: UndoStack,
): Promise<Service> {
  const program = join(packageDirectory(), "bin", name);
  const argv = commandInCgroup(cgroupAt(LAYOUT.servicesCgroup), [program, ...args]);
  const service = await startService(name, argv, onLine);
  undo.add(name, () => service.stop());
  return service;
}

async function makeLink(subnet: Subnet, undo: UndoStack): Promise<Link> {
  const link = { hostInterface: LAYOUT.hostInterface, ...subnet };
  undo.add("link", () => removeLink(link.hostInterface));
  await createLink(link);
  return link;
}

function specOf(subnet: Subnet, port: number): ContainerSpec {
  const push = `remote-write+http://${subnet.gateway}:${port}/api/v1/write`;
  return {
    hostname: LAYOUT.dockerName,
    ...subnet,
    ...SAMPLE,
    shimMount: LAYOUT.shimMount,
    agentArguments: ["run", "--push", push, "--interval", "2s"],
  };
}

async function startContainer(
  spec: ContainerSpec,
  link: Link,
  options: UpOptions,
  undo: UndoStack,
): Promise<RunningContainer> {
  const applicationDirectory = packageDirectory();
  if (options.dockerImage !== undefined) {
    const engine = openDockerEngine(options.dockerSocket);
    undo.add("docker connection", () => engine.close());
    return startDocker(spec, {
      engine,
      name: LAYOUT.dockerName,
      image: options.dockerImage,
      link,
      applicationDirectory,
    });
  }
  const group = cgroupAt(LAYOUT.containerCgroup);
  createCgroup(group, spec);
  return startBuiltIn(spec, { group, link, stateDirectory: LAYOUT.containerState, applicationDirectory });
}

function firstFailure(services: readonly Service[], container: RunningContainer): Promise<never> {
  const parts = [...services, { name: "sample container", ended: container.ended }];
  const failure = Promise.race(
    parts.map(async ({ name, ended }) => {
      throw new PlimsollError("PART_ENDED", `${name} ended: ${await ended}`);
    }),
  );
  failure.catch(() => {}); // nobody may be waiting any more when the parts end at our own request
  return failure as Promise<never>;
}

/** What the host itself says. */
export const runOnHost: RunningContainer["run"] = (argv) => exec(argv);
