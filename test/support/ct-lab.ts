import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { exec } from "../../core/runtime/exec.ts";
import type { Cleanup } from "./cleanup.ts";
import { importImage, type PrivateDocker, startDocker } from "./docker.ts";
import { type Condition, canMakeCgroups, hasCommand, hasFuse } from "./host.ts";
import { LabHost } from "./lab-host.ts";
import { LAB_DATAPATH, OVS_LAB, type OvsHost, OvsLab } from "./ovs-lab.ts";
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
/** Of the network `front`: an address of documentation (RFC 5737), nobody answers there. */
export const NAME_SERVER = "192.0.2.53";
const TOKEN = "the-lab-s-own-operator";

/**
 * A host of its own: Open vSwitch in a network namespace, a Docker engine, a shim, a collector on the
 * containers' VLAN. `ct` runs `plimsoll ct …` there.
 */
export class CtLab extends LabHost {
  readonly lab: OvsLab;
  readonly storePath: string;
  readonly collectorUrl: string = `http://${GATEWAY}:9465`;
  readonly #cleanup: Cleanup;

  private constructor(cleanup: Cleanup, lab: OvsLab, switchHost: OvsHost, docker: PrivateDocker) {
    const folder = cleanup.temporaryFolder();
    const store = join(folder, "state.db");
    super(cleanup, { folder, switchHost, docker, store });
    this.lab = lab;
    this.storePath = store;
    this.#cleanup = cleanup;
  }

  static async open(cleanup: Cleanup): Promise<CtLab> {
    const docker = await startDocker(cleanup);
    const lab = new OvsLab(cleanup);
    const host = await lab.host("ct");
    const ct = new CtLab(cleanup, lab, host, docker);
    await importImage(cleanup, docker, IMAGE);
    await host.database.vsctl("add-br", "br0", "--", "set", "Bridge", "br0", `datapath_type=${LAB_DATAPATH}`);
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
      "--dns",
      NAME_SERVER,
    );
    cleanup.add("containers", () => ct.#destroyAll());
    return ct;
  }

  /** The gateway's device is a new one after a restart of the switch. */
  async raiseGateway(): Promise<void> {
    await this.switchHost.ip("address", "replace", `${GATEWAY}/24`, "dev", "gw");
    await this.switchHost.ip("link", "set", "gw", "up");
  }

  /** What a server on the containers' network answers. */
  async fetch(url: string): Promise<string> {
    const script = "fetch(process.argv[1]).then((r) => r.text()).then((text) => process.stdout.write(text))";
    return (await exec(this.inNamespace(process.execPath, "-e", script, url))).stdout;
  }

  #writeConfig(): void {
    const push = [`remote-write+${this.collectorUrl}/api/v1/write`];
    this.writeConfig("lab", {
      ...{ shim: join(this.folder, "shim"), push, interval: "1s" },
      collector: { url: this.collectorUrl, tokenFile: join(this.folder, "token") },
    });
    writeFileSync(join(this.folder, "token"), `${TOKEN}\n`);
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
