import type { Command } from "commander";
import { createCommand, exitWith } from "../../core/runtime/command-line.ts";
import { PlimsollError } from "../../core/runtime/errors.ts";
import { openLogger } from "../../core/runtime/logger.ts";
import { EXIT } from "../../core/runtime/program.ts";
import { openDockerEngine } from "../docker/engine.ts";
import type { HostConfig } from "../host/config.ts";
import type { MachineRecord } from "../machines/documents.ts";
import { listMachines } from "../machines/machines.ts";
import type { Operation } from "../operations/documents.ts";
import { type Change, type Ending, recordOf } from "../operations/journal.ts";
import { renderStep } from "../step/render.ts";
import { DEFAULT_STORE } from "../store/open.ts";
import type { Store } from "../store/types.ts";
import { showProgress } from "./progress.ts";
import { type Session, type SessionEvents, withSession } from "./session.ts";
import { type MachineView, runningMachines, viewMachine } from "./views.ts";

/** What every command of `plimsoll ct` takes. */
export interface CommonOptions {
  readonly store?: string;
  readonly config?: string;
  readonly json?: true;
  readonly quiet?: true;
  readonly dryRun?: true;
}

export function ctSubCommand(name: string, description: string): Command {
  return createCommand(name, description)
    .option("--store <url>", `a path, or etcd+http://HOST:PORT; PLIMSOLL_STORE, else ${DEFAULT_STORE}`)
    .option("--config <file>", "what this host has; PLIMSOLL_HOST_CONFIG, else /etc/plimsoll/host.yaml")
    .option("--json", "print JSON");
}

/** One that changes something. */
export function ctChangingCommand(name: string, description: string): Command {
  return ctSubCommand(name, description)
    .option("--dry-run", "print the plan, one step a line, and change nothing")
    .option("--quiet", "no progress, not even on a terminal");
}

export function print(options: CommonOptions, value: unknown, render: () => string): void {
  process.stdout.write(options.json ? `${JSON.stringify(value)}\n` : render());
}

/** Plans, and unless it is a dry run carries out. Machines that did not get there are told, and exit code 1. */
export async function changeMachines(
  options: CommonOptions,
  signal: AbortSignal,
  plan: (session: Session) => Promise<readonly Change[]>,
  carryOut: (session: Session, changes: readonly Change[]) => Promise<readonly Ending[]>,
  report: (session: Session, done: readonly MachineRecord[]) => Promise<void>,
): Promise<void> {
  const log = openLogger("plimsoll", "warn");
  const endings = await withSession(options, log, signal, eventsFor(options), async (session) => {
    const changes = await plan(session);
    if (options.dryRun) {
      printPlan(options, changes);
      return [];
    }
    const endings = await carryOut(session, changes);
    const done = endings.filter(({ state }) => state === "done").map(({ track }) => recordOf(track));
    if (done.length > 0) await report(session, done);
    return endings;
  });
  const failed = endings.filter(({ state }) => state !== "done");
  // Those that were taken back for another's sake have nothing to tell.
  const told = failed.filter(({ track }) => track.error !== undefined);
  for (const ending of told.slice(1)) process.stderr.write(`error: ${renderFailure(ending)}\n`);
  const [first] = told;
  if (signal.aborted) exitWith(EXIT.interrupted);
  if (first !== undefined) throw new PlimsollError("CT", renderFailure(first));
}

/** As the store and, on this host, Docker know them. */
export async function viewMachines(
  store: Store,
  config: HostConfig,
  records: readonly MachineRecord[],
): Promise<readonly MachineView[]> {
  const docker = openDockerEngine(config.docker);
  try {
    // Without an engine nothing runs that it could tell of; the list is worth having all the same.
    const running = await runningMachines(docker).catch(() => undefined);
    return await Promise.all(
      records.map((record) => viewMachine(store, record, record.host === config.name ? running : undefined)),
    );
  } finally {
    await docker.close();
  }
}

export async function viewByName(store: Store, config: HostConfig): Promise<readonly MachineView[]> {
  return viewMachines(store, config, await listMachines(store));
}

function printPlan(options: CommonOptions, changes: readonly Change[]): void {
  const steps = changes.flatMap((change) => change.steps);
  print(options, steps, () =>
    steps.length === 0 ? "nothing to do\n" : steps.map((step) => `${renderStep(step)}\n`).join(""),
  );
}

function eventsFor(options: CommonOptions): SessionEvents {
  const tell = (line: string): void => void process.stderr.write(`${line}\n`);
  return {
    watcher: showProgress(process.stderr, options.quiet === true || options.json === true),
    onWait: () => tell("waiting: another plimsoll is changing this host"),
    onResume: (operation, endings) => tell(renderResumption(operation, endings)),
  };
}

/** `went on with an interrupted create: web-1 done, web-2 undone`. */
export function renderResumption({ kind }: Operation, endings: readonly Ending[]): string {
  const each = endings.map(({ track, state }) => `${recordOf(track).machine.name} ${state}`);
  return `went on with an interrupted ${kind}: ${each.join(", ")}`;
}

function renderFailure({ track, state }: Ending): string {
  const { name } = recordOf(track).machine;
  const what = track.error ?? "not finished";
  const line = what.startsWith(`container ${name}:`) ? what : `container ${name}: ${what}`;
  return state === "stuck"
    ? `${line} (hint: it is tried again by the next plimsoll ct command that changes something)`
    : line;
}
