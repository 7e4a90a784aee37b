import type { ExecResult } from "../../core/runtime/exec.ts";

/** What a sample container is given; the same whatever runs it. */
export interface ContainerSpec {
  readonly hostname: string;
  /** The permanent address, and the host's end of the link, which is the container's gateway. */
  readonly address: string;
  readonly gateway: string;
  readonly prefixLength: number;
  readonly memoryBytes: number;
  /** CPUs' worth of quota, e.g. 0.5. */
  readonly cpus: number;
  /** The shim's mount on the host. */
  readonly shimMount: string;
  /** The agent's arguments after the program's name. */
  readonly agentArguments: readonly string[];
}

/** A container that runs. */
export interface RunningContainer {
  /** What a person calls it, e.g. `container 10.213.77.2`. */
  readonly description: string;
  /** PID 1 of the container, in the host's numbering. */
  readonly initPid: number;
  /** Resolves, with the reason, when the container ends by itself or because it was stopped. */
  readonly ended: Promise<string>;
  /** Runs a command inside: its namespaces and its cgroup. */
  run(argv: readonly string[]): Promise<ExecResult>;
  /** Lets the agent flush, then ends every process. */
  stop(): Promise<void>;
}
