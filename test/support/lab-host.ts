import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ExecResult, exec } from "../../core/runtime/exec.ts";
import type { MachineView } from "../../provisioner/ct/views.ts";
import { type DockerEngine, openDockerEngine } from "../../provisioner/docker/engine.ts";
import type { Cleanup } from "./cleanup.ts";
import type { PrivateDocker } from "./docker.ts";
import type { OvsHost } from "./ovs-lab.ts";
import { programArgv, type RunningProgram, startProgram } from "./run-program.ts";

interface ProgramResult extends ExecResult {
  readonly lines: readonly string[];
}

export interface LabHostParts {
  readonly folder: string;
  readonly switchHost: OvsHost;
  readonly docker: PrivateDocker;
  /** As `--store` takes it. */
  readonly store: string;
}

/** A simulated host: a network namespace with a switch, a Docker engine, and the folder its configuration is in. */
export class LabHost {
  readonly folder: string;
  readonly switchHost: OvsHost;
  readonly docker: PrivateDocker;
  /** Of a daemon, where a test starts one. */
  readonly socket: string;
  readonly #store: string;
  readonly #cleanup: Cleanup;

  constructor(cleanup: Cleanup, { folder, switchHost, docker, store }: LabHostParts) {
    this.folder = folder;
    this.switchHost = switchHost;
    this.docker = docker;
    this.socket = join(folder, "provisioner.sock");
    this.#store = store;
    this.#cleanup = cleanup;
  }

  /** What stands on it, with `more` options of host.yaml. */
  writeConfig(name: string, more: Readonly<Record<string, unknown>>): void {
    const config = {
      ...{ name, ovs: this.switchHost.database.remote, docker: this.docker.socket },
      ...{ data: join(this.folder, "machines"), probe: "fast", socket: this.socket },
      ...more,
    };
    writeFileSync(join(this.folder, "host.json"), JSON.stringify(config));
  }

  /** Registries and their rules, for all commands from then on; a daemon that runs reads them by itself. */
  writeRegistries(values: object): void {
    writeFileSync(this.#registries, JSON.stringify(values));
  }

  /** `plimsoll …` on this host, to its end. Throws with its own words when it fails. */
  async plimsoll(...args: readonly string[]): Promise<ExecResult> {
    return exec(this.argv(...args), { timeoutMs: 120_000, env: this.env });
  }

  /** `plimsoll serve` on this host, ready. What it has not ended by itself is ended with the lab. */
  async serve(...args: readonly string[]): Promise<RunningProgram> {
    const daemon = startProgram(this.#cleanup, this.argv("serve", ...args), { env: this.env });
    this.#cleanup.add("plimsoll serve", async () => void (await daemon.stop("SIGTERM")));
    await daemon.waitForLine(/"msg":"ready"/, 20_000);
    return daemon;
  }

  /** `plimsoll …` to its end, whatever its exit code. */
  async run(...args: readonly string[]): Promise<ProgramResult> {
    const okCodes = [0, 1, 2, 3, 7];
    const result = await exec(this.argv(...args), { timeoutMs: 120_000, env: this.env, okCodes });
    return { ...result, lines: result.stdout.trimEnd().split("\n") };
  }

  /** The same of `plimsoll ct …`. */
  ct(...args: readonly string[]): Promise<ProgramResult> {
    return this.run("ct", ...args);
  }

  /** The JSON that `plimsoll ct … --json` prints; fails with what it says when it fails. */
  async json<T = readonly MachineView[]>(...args: readonly string[]): Promise<T> {
    const { code, stdout, stderr } = await this.ct(...args, "--json");
    if (code !== 0) throw new Error(stderr);
    return JSON.parse(stdout);
  }

  /** What a command prints inside a machine. */
  async inside(name: string, ...argv: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.ct("exec", name, "--", ...argv);
    if (code !== 0) throw new Error(`${argv.join(" ")}: ${stderr}`);
    return stdout.trimEnd();
  }

  /** The machine's network namespace: its holder's, whether the machine runs or not. */
  async namespaceOf(name: string): Promise<string> {
    const pid = await this.withEngine((engine) => engine.initPid(`plimsoll.${name}.net`));
    return `/proc/${pid}/ns/net`;
  }

  async withEngine<T>(use: (engine: DockerEngine) => Promise<T>): Promise<T> {
    const engine = openDockerEngine(this.docker.socket);
    try {
      return await use(engine);
    } finally {
      await engine.close();
    }
  }

  argv(...args: readonly string[]): readonly string[] {
    return this.inNamespace(...programArgv("plimsoll", ...args));
  }

  get env(): Record<string, string> {
    return {
      ...{ PLIMSOLL_STORE: this.#store, PLIMSOLL_HOST_CONFIG: join(this.folder, "host.json") },
      ...(existsSync(this.#registries) && { PLIMSOLL_REGISTRY_CONFIG: this.#registries }),
    };
  }

  get #registries(): string {
    return join(this.folder, "registry.json");
  }

  inNamespace(...argv: readonly string[]): readonly string[] {
    return ["nsenter", `--net=${this.switchHost.namespace}`, "--", ...argv];
  }
}
