import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type {
  ContainerCreateBody,
  ContainerInspectAnswer,
  ContainerUpdateBody,
} from "../../core/runtime/engine-types.ts";
import { PlimsollError } from "../../core/runtime/errors.ts";
import type { ImageProgram } from "../docker/engine.ts";
import type { HostConfig } from "../host/config.ts";
import type { Limits, Step } from "../step/steps.ts";
import { identityFolder } from "./identity.ts";
import { INSIDE, LABEL } from "./names.ts";

/** Microseconds; the kernel's own default. */
const CPU_PERIOD_US = 100_000;

/** What runc lets anybody mount below /proc (libcontainer's allow-list). The rest needs an attach afterwards. */
const MOUNTABLE_PROC_FILES = [
  "cpuinfo",
  "diskstats",
  "loadavg",
  "meminfo",
  "slabinfo",
  "stat",
  "swaps",
  "uptime",
];

/**
 * To start takes a tenth of a second of CPU time, a quarter of what a machine takes in all: not while it, and others
 * beside it, are made.
 */
const AGENT_AFTER_SECONDS = 3;

/**
 * Starts the agent beside the image's own program, which stays PID 1 with its signals and exit code.
 * An agent that ends is started again. An image with services of its own has it among them. Arguments:
 * the program.
 */
const START = `
log=/run/plimsoll-agent.log
[ -w /run ] || log=/dev/null
[ -e ${INSIDE.agentService} ] || {
  sleep ${AGENT_AFTER_SECONDS} 2>/dev/null
  while :; do
    [ ! -e ${INSIDE.configuration}/agent.yaml ] ||
      ${INSIDE.application}/bin/plimsoll-agent run --config ${INSIDE.configuration}/agent.yaml >"$log" 2>&1
    sleep 10 || break
  done
} &
exec "$@"
`;

/** For an image that names no program: a machine without services, which ends when it is told to. */
const IDLE = ["/bin/sh", "-c", "trap 'exit 0' TERM INT; while :; do sleep 3600 & wait $!; done"];

/**
 * The agent: one file, what starts it, and what its daily inventory loads. The same inodes in every container, so
 * their pages are in memory once.
 */
const AGENT_FILES = ["bin/plimsoll-agent", "dist/plimsoll-agent.cjs", "node_modules/systeminformation"];

/** Files of this host that a container is given. */
export interface Surroundings {
  readonly config: HostConfig;
  /** Where the machine's volume is mounted. */
  readonly volume: string;
  /** Binds of its hosts(5) and resolv.conf(5). */
  readonly names: readonly string[];
  /** This package, for the agent in it. */
  readonly application: string;
  readonly node: string;
}

export function containerBody(
  { machine, generation, command, image, limits }: Step<"createContainer">,
  holderId: string,
  program: ImageProgram,
  { config, volume, names, application, node }: Surroundings,
): ContainerCreateBody {
  const own = [...program.entrypoint, ...(command.length > 0 ? command : program.command)];
  return {
    Image: image,
    Entrypoint: ["/bin/sh", "-c", START, "sh"],
    Cmd: own.length > 0 ? own : IDLE,
    Env: [`PLIMSOLL_NODE=${INSIDE.node}`],
    Labels: { [LABEL.machine]: machine.id, [LABEL.generation]: String(generation) },
    HostConfig: {
      NetworkMode: `container:${holderId}`,
      ...encodeLimits(limits),
      Tmpfs: { "/run": "mode=755" },
      Binds: [
        ...shimBinds(config.shim),
        `${volume}:${INSIDE.data}`,
        `${identityFolder(config.data, machine.id)}:${INSIDE.configuration}:ro`,
        ...names,
        ...AGENT_FILES.map((file) => `${application}/${file}:${INSIDE.application}/${file}:ro`),
        `${node}:${INSIDE.node}:ro`,
      ],
    },
  };
}

/**
 * Memory and MemorySwap always together: the engine compares a new one with the stored other. CPU time
 * by period and quota: NanoCpus could never be changed to them.
 */
export function encodeLimits({ cpus, cpuset, memoryBytes }: Limits): ContainerUpdateBody {
  return {
    Memory: memoryBytes,
    MemorySwap: memoryBytes,
    CpuPeriod: CPU_PERIOD_US,
    CpuQuota: Math.round(cpus * CPU_PERIOD_US),
    CpusetCpus: cpuset,
  };
}

/** What is not told is no limit's, as what is 0 or empty. */
export function decodeLimits(limits: ContainerInspectAnswer["HostConfig"] = {}): Limits {
  const { Memory = 0, CpuPeriod = 0, CpuQuota = 0, CpusetCpus = "" } = limits;
  return { cpus: CpuQuota / (CpuPeriod || CPU_PERIOD_US), cpuset: CpusetCpus, memoryBytes: Memory };
}

function shimBinds(shim: string): readonly string[] {
  const cpu = "/sys/devices/system/cpu";
  if (!existsSync(join(shim, "proc")))
    throw new PlimsollError("NO_SHIM", `shim: nothing is mounted at ${shim}`, {
      hint: `plimsoll-shim serve --mount ${shim}`,
    });
  const files = readdirSync(join(shim, "proc")).filter((file) => MOUNTABLE_PROC_FILES.includes(file));
  return [...files.map((file) => `${shim}/proc/${file}:/proc/${file}:ro`), `${shim}${cpu}:${cpu}:ro`];
}
