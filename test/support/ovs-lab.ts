import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { exec } from "../../core/runtime/exec.ts";
import type { Cleanup } from "./cleanup.ts";
import { type Condition, hasCommand, isRoot } from "./host.ts";
import { waitFor } from "./wait-for.ts";

const SCHEMA = "/usr/share/openvswitch/vswitch.ovsschema";

/** What a lab of Open vSwitch hosts needs of the machine. */
export const OVS_LAB: readonly Condition[] = [
  isRoot,
  hasCommand("ip"),
  hasCommand("ovs-vswitchd"),
  hasCommand("arping"),
  hasCommand("ethtool"),
];

/** A program in the foreground: the test's own child, ended by its pid, leaving no zombie. */
class Daemon {
  readonly #argv: readonly string[];
  readonly #env: Readonly<Record<string, string>>;
  #child: ChildProcess | undefined;

  constructor(argv: readonly string[], env: Readonly<Record<string, string>>) {
    this.#argv = argv;
    this.#env = env;
  }

  get pid(): number {
    const pid = this.#child?.pid;
    if (pid === undefined) throw new Error(`${this.#argv.join(" ")}: not running`);
    return pid;
  }

  /** `ready` is a socket that the program makes when it can be talked to. */
  async start(ready: string): Promise<void> {
    const [command = "", ...args] = this.#argv;
    const child = spawn(command, args, { stdio: "ignore", env: { ...process.env, ...this.#env } });
    this.#child = child;
    await waitFor(ready, () => {
      if (child.exitCode !== null) throw new Error(`${this.#argv.join(" ")}: exit code ${child.exitCode}`);
      return existsSync(ready);
    });
  }

  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    await once(child, "exit");
  }

  signal(signal: NodeJS.Signals): void {
    process.kill(this.pid, signal);
  }
}

/** An ovsdb-server with the Open_vSwitch database, in a folder of its own; nothing else of Open vSwitch. */
export class DatabaseServer {
  readonly folder: string;
  readonly remote: string;
  readonly #daemon: Daemon;

  constructor(folder: string, inNamespace: readonly string[] = []) {
    this.folder = folder;
    this.remote = `unix:${join(folder, "db.sock")}`;
    this.#daemon = new Daemon(
      [
        ...inNamespace,
        "ovsdb-server",
        join(folder, "conf.db"),
        `--remote=punix:${join(folder, "db.sock")}`,
        `--pidfile=${join(folder, "ovsdb-server.pid")}`,
        `--unixctl=${join(folder, "ovsdb-server.ctl")}`,
        `--log-file=${join(folder, "ovsdb-server.log")}`,
        "-vconsole:off",
      ],
      environment(folder),
    );
  }

  /** With the one row that every Open_vSwitch database has. */
  async create(): Promise<void> {
    await exec(["ovsdb-tool", "create", join(this.folder, "conf.db"), SCHEMA]);
    await this.start();
    await this.vsctl("--no-wait", "init");
  }

  /** On a socket that a killed server left, the new one's appears in place of the old. */
  async start(): Promise<void> {
    const socket = join(this.folder, "db.sock");
    await this.#daemon.start(socket);
    await waitFor("ovsdb-server", () =>
      exec(["ovsdb-client", "--timeout=1", "list-dbs", this.remote]).then(
        () => true,
        () => false,
      ),
    );
  }

  async stop(signal?: NodeJS.Signals): Promise<void> {
    await this.#daemon.stop(signal);
  }

  signal(signal: NodeJS.Signals): void {
    this.#daemon.signal(signal);
  }

  async vsctl(...args: readonly string[]): Promise<string> {
    const { stdout } = await exec(["ovs-vsctl", `--db=${this.remote}`, "--timeout=10", ...args]);
    return stdout.trim();
  }
}

/** A database server, stopped and removed with everything else. */
export async function startDatabase(cleanup: Cleanup): Promise<DatabaseServer> {
  const server = new DatabaseServer(cleanup.temporaryFolder());
  cleanup.add("ovsdb-server", () => server.stop());
  await server.create();
  return server;
}

/** Where a private Open vSwitch keeps everything: without all of these it looks in /var/run. */
function environment(folder: string): Record<string, string> {
  return { OVS_RUNDIR: folder, OVS_LOGDIR: folder, OVS_DBDIR: folder, OVS_SYSCONFDIR: folder };
}

export { Daemon, environment, readFileSync };
