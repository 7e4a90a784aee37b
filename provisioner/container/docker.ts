import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { ContainerCreateBody } from "../../core/runtime/engine-types.ts";
import { PlimsollError } from "../../core/runtime/errors.ts";
import type { DockerEngine } from "../docker/engine.ts";
import { type Cgroup, cgroupAt } from "./cgroup.ts";
import { connectLink, type Link } from "./link.ts";
import { runInNamespaces } from "./namespaces.ts";
import type { ContainerSpec, RunningContainer } from "./types.ts";

/** What runc lets anybody mount below /proc (libcontainer's allow-list). The rest needs an attach afterwards. */
const MOUNTABLE_PROC_FILES = [
  "cpuinfo",
  "diskstats",
  "meminfo",
  "stat",
  "swaps",
  "uptime",
  "loadavg",
  "slabinfo",
];

export interface DockerHost {
  readonly engine: DockerEngine;
  readonly name: string;
  readonly image: string;
  readonly link: Link;
  readonly applicationDirectory: string;
}

/**
 * Runs the sample container in the local Docker engine. It joins no Docker network: it gets our own
 * link, so its address does not depend on the engine. Throws with the engine's own words.
 */
export async function startDocker(spec: ContainerSpec, host: DockerHost): Promise<RunningContainer> {
  const { engine, name, image } = host;
  if (!(await engine.hasImage(image))) await engine.pullImage(image);
  const id = await engine.createContainer(name, containerBody(spec, host));
  const stopWaiting = new AbortController();
  try {
    await engine.startContainer(id);
    const initPid = await engine.initPid(id);
    if (initPid === 0)
      throw new PlimsollError(
        "CONTAINER",
        `image ${image}: the agent cannot start in it: ${await engine.lastLogLine(id)}`,
      );
    await connectLink(host.link, initPid);
    const group = cgroupOf(initPid);
    return {
      description: `docker container ${spec.address}`,
      initPid,
      ended: endOf(engine, id, stopWaiting.signal),
      run: (argv) => runInNamespaces(initPid, group, argv),
      stop: async () => {
        stopWaiting.abort();
        await engine.stopContainer(id, 6);
        await engine.removeContainer(id);
      },
    };
  } catch (error) {
    await engine.removeContainer(id);
    throw error;
  }
}

function containerBody(spec: ContainerSpec, host: DockerHost): ContainerCreateBody {
  const node = "/opt/plimsoll-node";
  return {
    Image: host.image,
    Hostname: spec.hostname,
    Entrypoint: ["/opt/plimsoll/bin/plimsoll-agent"],
    Cmd: [...spec.agentArguments, "--ip", spec.address],
    Env: [`PLIMSOLL_NODE=${node}`],
    Labels: { "io.plimsoll.up": "sample" },
    HostConfig: {
      NetworkMode: "none",
      Memory: spec.memoryBytes,
      MemorySwap: spec.memoryBytes,
      NanoCpus: Math.round(spec.cpus * 1e9),
      CpusetCpus: String(firstOnlineCpu()),
      Binds: [
        ...shimBinds(spec.shimMount),
        `${host.applicationDirectory}:/opt/plimsoll:ro`,
        `${process.execPath}:${node}:ro`,
      ],
    },
  };
}

function shimBinds(shimMount: string): string[] {
  const files = readdirSync(join(shimMount, "proc")).filter((file) => MOUNTABLE_PROC_FILES.includes(file));
  const cpu = "/sys/devices/system/cpu";
  return [
    ...files.map((file) => `${shimMount}/proc/${file}:/proc/${file}:ro`),
    `${shimMount}${cpu}:${cpu}:ro`,
  ];
}

function firstOnlineCpu(): number {
  return Number.parseInt(readFileSync("/sys/devices/system/cpu/online", "utf8"), 10);
}

/** The group that Docker made, from the init's own line: the same path in every v1 controller, or the one of v2. */
function cgroupOf(pid: number): Cgroup {
  const lines = readFileSync(`/proc/${pid}/cgroup`, "utf8").split("\n");
  const line =
    lines.find((text) => /^\d+:([^:]*,)?memory[,:]/.test(text)) ??
    lines.find((text) => text.startsWith("0::"));
  const path = line?.split(":").slice(2).join(":") ?? "/";
  return cgroupAt(path.slice(1));
}

async function endOf(engine: DockerEngine, id: string, signal: AbortSignal): Promise<string> {
  try {
    const code = await engine.waitContainer(id, signal);
    return (await engine.lastLogLine(id)) || `ended with exit code ${code}`;
  } catch {
    return "stopped";
  }
}
