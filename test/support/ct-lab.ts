import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ExecResult, exec } from "../../core/runtime/exec.ts";
import type { MachineView } from "../../provisioner/ct/views.ts";
import { type DockerEngine, openDockerEngine } from "../../provisioner/docker/engine.ts";
import type { Cleanup } from "./cleanup.ts";
import { importImage, type PrivateDocker, startDocker } from "./docker.ts";
import { type Condition, canMakeCgroups, hasCommand, hasFuse } from "./host.ts";
import { OVS_LAB, type OvsHost, OvsLab } from "./ovs-lab.ts";
import { programArgv, type RunningProgram, startProgram } from "./run-program.ts";

export const CT_LAB: readonly Condition[] = [
  ...OVS_LAB,
  hasFuse,
  canMakeCgroups,
  hasCommand("dockerd"),
  hasCommand("runc"),
  hasCommand("mkfs.xfs"),
];

/** An image of this machine's own programs: a shell, free, nproc; it names no command of its own. */
export const IMAGE = "plimsoll-test:1";
/** Of the network `front`: this host itself. */
export const GATEWAY = "10.10.0.254";
const TOKEN = "the-lab-s-own-operator";

interface CtResult extends ExecResult {
  readonly lines: readonly string[];
}

/**
 * A host of its own: Open vSwitch in a network namespace, a Docker engine, a shim, a collector on the
 * containers' VLAN. `ct` runs `plimsoll ct …` there.
 */
export class CtLab {
  readonly folder: string;
  readonly switchHost: OvsHost;
  readonly docker: PrivateDocker;
  readonly lab: OvsLab;
  readonly storePath: string;
  /** Of a daemon, where a test starts one. */
  readonly socket: string;
  readonly collectorUrl: string = `http://${GATEWAY}:9465`;
  readonly #cleanup: Cleanup;

  private constructor(cleanup: Cleanup, lab: OvsLab, switchHost: OvsHost, docker: PrivateDocker) {
    this.folder = cleanup.temporaryFolder();
    this.switchHost = switchHost;
    this.docker = docker;
    this.lab = lab;
    this.storePath = join(this.folder, "state.db");
    this.socket = join(this.folder, "provisioner.sock");
    this.#cleanup = cleanup;
  }

  static async open(cleanup: Cleanup): Promise<CtLab> {
    const docker = await startDocker(cleanup);
    const lab = new OvsLab(cleanup);
    const host = await lab.host("ct");
    const ct = new CtLab(cleanup, lab, host, docker);
    await importImage(cleanup, docker, IMAGE);
    await host.database.vsctl("add-br", "br0", "--", "set", "Bridge", "br0", "datapath_type=netdev");
    await host.database.vsctl(
      "add-port",
      "br0",
      "gw",
      "tag=100",
      "--",
      "set",
      "Interface",
      "gw",
      "type=internal",
    );
    await ct.raiseGateway();
    await ct.#startShim();
    await ct.#startCollector();
    ct.#writeConfig();
    await ct.plimsoll(
      "net",
      "create",
      "front",
      "--vlan",
      "100",
      "--cidr",
      "10.10.0.0/24",
      "--gateway",
      GATEWAY,
    );
    cleanup.add("containers", () => ct.#destroyAll());
    return ct;
  }

  /** `plimsoll …` on this host, to its end. Throws with its own words when it fails. */
  async plimsoll(...args: readonly string[]): Promise<ExecResult> {
    return exec(this.argv(...args), { timeoutMs: 120_000, env: this.env });
  }

  /** The gateway's device is a new one after a restart of the switch. */
  async raiseGateway(): Promise<void> {
    await this.switchHost.ip("address", "replace", `${GATEWAY}/24`, "dev", "gw");
    await this.switchHost.ip("link", "set", "gw", "up");
  }

  /** `plimsoll serve` on this host, ready. What it has not ended by itself is ended with the lab. */
  async serve(...args: readonly string[]): Promise<RunningProgram> {
    const daemon = startProgram(this.#cleanup, this.argv("serve", ...args), { env: this.env });
    this.#cleanup.add("plimsoll serve", async () => void (await daemon.stop("SIGTERM")));
    await daemon.waitForLine(/"msg":"ready"/, 20_000);
    return daemon;
  }

  /** `plimsoll ct …` to its end, whatever its exit code. */
  async ct(...args: readonly string[]): Promise<CtResult> {
    const okCodes = [0, 1, 2, 3, 7];
    const result = await exec(this.argv("ct", ...args), { timeoutMs: 120_000, env: this.env, okCodes });
    return { ...result, lines: result.stdout.trimEnd().split("\n") };
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

  /** What a server on the containers' network answers. */
  async fetch(url: string): Promise<string> {
    const script = "fetch(process.argv[1]).then((r) => r.text()).then((text) => process.stdout.write(text))";
    return (await exec(this.inNamespace(process.execPath, "-e", script, url))).stdout;
  }

  argv(...args: readonly string[]): readonly string[] {
    return this.inNamespace(...programArgv("plimsoll", ...args));
  }

  get env(): Record<string, string> {
    return { PLIMSOLL_STORE: this.storePath, PLIMSOLL_HOST_CONFIG: join(this.folder, "host.json") };
  }

  inNamespace(...argv: readonly string[]): readonly string[] {
    return ["nsenter", `--net=${this.switchHost.namespace}`, "--", ...argv];
  }

  #writeConfig(): void {
    const { socket } = this.docker;
    const push = [`remote-write+${this.collectorUrl}/api/v1/write`];
    const config = {
      ...{
        name: "lab",
        ovs: this.switchHost.database.remote,
        docker: socket,
        shim: join(this.folder, "shim"),
      },
      ...{ data: join(this.folder, "machines"), push, interval: "1s", probe: "fast" },
      ...{
        socket: this.socket,
        collector: { url: this.collectorUrl, tokenFile: join(this.folder, "token") },
      },
    };
    writeFileSync(join(this.folder, "token"), `${TOKEN}\n`);
    writeFileSync(join(this.folder, "host.json"), JSON.stringify(config));
  }

  async #startShim(): Promise<void> {
    const mount = join(this.folder, "shim");
    await exec(["mkdir", mount]);
    await this.#service(programArgv("plimsoll-shim", "serve", "--mount", mount));
  }

  async #startCollector(): Promise<void> {
    const argv = programArgv(
      "plimsoll-collector",
      "serve",
      "--listen",
      `${GATEWAY}:9465`,
      "--data",
      join(this.folder, "collector"),
      "--token-file",
      join(this.folder, "tokens"),
    );
    writeFileSync(join(this.folder, "tokens"), `${TOKEN} *\n`);
    await this.#service(this.inNamespace(...argv));
  }

  async #service(argv: readonly string[]): Promise<RunningProgram> {
    const program = startProgram(this.#cleanup, argv);
    this.#cleanup.add(argv.join(" "), async () => void (await program.stop("SIGTERM")));
    await program.waitForLine(/"msg":"ready"/, 20_000);
    return program;
  }

  /** Before switch and engine go: whatever a test that failed has left. */
  async #destroyAll(): Promise<void> {
    const views = await this.json("list");
    if (views.length > 0) await this.ct("destroy", ...views.map(({ name }) => name));
  }
}
