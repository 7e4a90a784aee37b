import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { errnoOf, PlimsollError } from "../../core/runtime/errors.ts";
import { type Exec, exec } from "../../core/runtime/exec.ts";
import { findFolderMount } from "../host/checks/docker.ts";
import { type EngineInfo, readEngine } from "../host/status.ts";
import type { Reversible } from "../host-network/apply.ts";
import { Lvm } from "../volumes/lvm.ts";
import { findPool } from "../volumes/thin-pool.ts";
import type {
  EngineSettings,
  HostEngineChange,
  HostEngineChangeArgs,
  HostEngineSpec,
  ObservedEngine,
} from "./plan.ts";

export interface EngineDrivers {
  readonly run?: Exec;
  /** Where systemd is not who starts it. Returns when the engine is ready, as systemctl(1) does. */
  readonly restart?: () => Promise<unknown>;
}

/** systemd runs as the first process (sd_booted(3)). */
const BOOTED = "/run/systemd/system";
/** An engine looks at everything that it has when it starts. */
const RESTART_MS = 120_000;

type Reversibles = {
  readonly [K in keyof HostEngineChangeArgs]: (
    change: HostEngineChange<K>,
    drivers: EngineDrivers,
  ) => Reversible;
};

const REVERSIBLES: Reversibles = {
  createPool: ({ group, name, bytes }, { run = exec }) => {
    const lvm = new Lvm(run);
    return {
      // The driver clears what it gives out by itself.
      make: () =>
        lvm.change(
          ...(["lvcreate", "--type", "thin-pool", "--zero", "n"] as const),
          ...["--size", `${bytes}b`, "--name", name, group],
        ),
      undo: async () => {
        if (findPool(await lvm.volumes(group), name) !== undefined)
          await lvm.change("lvremove", `${group}/${name}`);
      },
    };
  },
  configure: ({ socket, file, driver, settings }, drivers) => {
    const former = formerOf(file);
    const before = existsSync(former) ? readText(former) || undefined : readText(file);
    return {
      make: async () => {
        if (!existsSync(former)) writeText(former, before ?? "", modeOf(file));
        writeText(file, `${JSON.stringify(settings, undefined, 2)}\n`, modeOf(file));
        await restart(drivers);
        await requireDriver(socket, driver);
        rmSync(former);
      },
      undo: async () => {
        if (before !== readText(file)) {
          if (before === undefined) rmSync(file);
          else writeText(file, before, modeOf(file));
          await restart(drivers);
        }
        rmSync(former, { force: true });
      },
    };
  },
};

export function reversibleEngineChange<K extends keyof HostEngineChangeArgs>(
  change: HostEngineChange<K>,
  drivers: EngineDrivers,
): Reversible {
  const kind: K = change.kind;
  return REVERSIBLES[kind](change, drivers);
}

export async function observeHostEngine(
  { socket, file, pool }: HostEngineSpec,
  { run = exec, restart }: EngineDrivers = {},
  root = "/",
): Promise<ObservedEngine> {
  const info = await readEngine(socket).catch((): undefined => undefined);
  return {
    info,
    root: info && findFolderMount(root, info.DockerRootDir),
    settings: parseSettings(file, readText(file)),
    isDue: existsSync(formerOf(file)),
    hasPool: pool !== undefined && (await hasPool(new Lvm(run), pool.group, pool.name)),
    canRestart: restart !== undefined || existsSync(BOOTED),
  };
}

/** Of `daemon.json`; none where there is no such file. */
export function parseSettings(file: string, text: string | undefined): EngineSettings {
  if (text === undefined || text.trim() === "") return {};
  try {
    const settings: unknown = JSON.parse(text);
    if (typeof settings === "object" && settings !== null && !Array.isArray(settings))
      return settings as EngineSettings;
  } catch (cause) {
    throw new PlimsollError("ENGINE", `${file}: is not JSON`, { cause });
  }
  throw new PlimsollError("ENGINE", `${file}: is no JSON object`);
}

async function hasPool(lvm: Lvm, group: string, name: string): Promise<boolean> {
  if (!(await lvm.groups()).some((each) => each.name === group)) return false;
  return findPool(await lvm.volumes(group), name) !== undefined;
}

function restart({ run = exec, restart }: EngineDrivers): Promise<unknown> {
  return restart?.() ?? run(["systemctl", "restart", "docker.service"], { timeoutMs: RESTART_MS });
}

async function requireDriver(socket: string, driver: string): Promise<void> {
  const info: EngineInfo = await readEngine(socket);
  if (info.Driver !== driver)
    throw new PlimsollError("ENGINE", `docker: stores by ${info.Driver} still, not by ${driver}`, {
      hint: "another daemon.json, or an option of its unit, says otherwise",
    });
}

/** What the engine was last started with: there from before its settings are changed until it is started with the new ones. */
function formerOf(file: string): string {
  return `${file}.former`;
}

/** Whole or not at all: an engine that finds half a file does not start. */
function writeText(file: string, text: string, mode: number): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o755 });
  rmSync(`${file}.new`, { force: true });
  writeFileSync(`${file}.new`, text, { mode, flush: true });
  renameSync(`${file}.new`, file);
}

/** A password of a proxy's may be in it. */
function modeOf(file: string): number {
  return (statSync(file, { throwIfNoEntry: false })?.mode ?? 0o644) & 0o777;
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw error;
  }
}
