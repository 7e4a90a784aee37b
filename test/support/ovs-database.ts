import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { exec } from "../../core/runtime/exec.ts";
import { openOvsdb } from "../../provisioner/ovsdb/client.ts";
import type { Operation } from "../../provisioner/ovsdb/operations.ts";
import type { Cleanup } from "./cleanup.ts";
import { recordLog } from "./record-log.ts";
import { waitFor } from "./wait-for.ts";

const SCHEMA = "/usr/share/openvswitch/vswitch.ovsschema";

/** A program in the foreground: the test's own child, ended by its pid, leaving no zombie. */
export class Daemon {
  readonly #argv: readonly string[];
  readonly #folder: string;
  #child: ChildProcess | undefined;

  /** Without all four folders a private Open vSwitch puts some of its sockets in /var/run. */
  constructor(argv: readonly string[], folder: string) {
    this.#argv = argv;
    this.#folder = folder;
  }

  get pid(): number {
    const pid = this.#child?.pid;
    if (pid === undefined) throw new Error(`${this.#argv.join(" ")}: not running`);
    return pid;
  }

  async start(isReady: () => Promise<unknown>): Promise<void> {
    const [command = "", ...args] = this.#argv;
    const child = spawn(command, args, {
      stdio: "ignore",
      env: { ...process.env, ...openVSwitchFolders(this.#folder) },
    });
    this.#child = child;
    await waitFor(args.join(" "), () => {
      if (child.exitCode !== null) throw new Error(`${this.#argv.join(" ")}: exit code ${child.exitCode}`);
      return isReady().then(
        () => true,
        () => false,
      );
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
        `--remote=p${this.remote}`,
        ...logging(folder, "db"),
      ],
      folder,
    );
  }

  /** With the one row that every Open_vSwitch database has. */
  async create(): Promise<void> {
    await exec(["ovsdb-tool", "create", join(this.folder, "conf.db"), SCHEMA]);
    await this.start();
    await this.vsctl("--no-wait", "init");
  }

  async start(): Promise<void> {
    await this.#daemon.start(() => exec(["ovsdb-client", "--timeout=1", "list-dbs", this.remote]));
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

/** What the stand-in for ovs-vswitchd answers for a device, by its name: an error, or undefined. */
export type DeviceErrors = (name: string) => string | undefined;

/**
 * Does to the database what ovs-vswitchd does: numbers each new interface, or says what is wrong with
 * it, then raises cur_cfg. There is no datapath; it needs no privileges.
 */
export async function standInForSwitch(
  server: DatabaseServer,
  cleanup: Cleanup,
  errorOf: DeviceErrors,
): Promise<void> {
  const db = await openOvsdb({
    remote: server.remote,
    database: "Open_vSwitch",
    monitor: { Open_vSwitch: ["next_cfg", "cur_cfg"], Interface: ["name", "ofport"] },
    log: recordLog(),
  });
  let last = 0;
  let work = Promise.resolve();
  const act = async (): Promise<void> => {
    const [config = {}] = db.tables.rows("Open_vSwitch").values();
    if (config.next_cfg === config.cur_cfg) return;
    const fresh = [...db.tables.rows("Interface")].filter(([, row]) => typeof row.ofport !== "number");
    await db.transact([
      ...fresh.map(([uuid, { name }]): Operation => {
        const error = errorOf(String(name));
        const row = error === undefined ? { ofport: ++last } : { ofport: -1, error };
        return { op: "update", table: "Interface", where: [["_uuid", "==", ["uuid", uuid]]], row };
      }),
      { op: "update", table: "Open_vSwitch", where: [], row: { cur_cfg: Number(config.next_cfg) } },
    ]);
  };
  const stop = db.onChange(() => {
    work = work.then(act);
  });
  cleanup.add("stand-in for ovs-vswitchd", async () => {
    stop();
    await work;
    await db.close();
  });
}

/** Options of both programs: their files, and nothing on standard error. */
export function logging(folder: string, name: string): readonly string[] {
  return [
    `--pidfile=${join(folder, `${name}.pid`)}`,
    `--unixctl=${join(folder, `${name}.ctl`)}`,
    `--log-file=${join(folder, `${name}.log`)}`,
    "-vconsole:off",
  ];
}

function openVSwitchFolders(folder: string): Record<string, string> {
  return { OVS_RUNDIR: folder, OVS_LOGDIR: folder, OVS_DBDIR: folder, OVS_SYSCONFDIR: folder };
}
