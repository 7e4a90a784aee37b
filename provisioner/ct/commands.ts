import type { Command } from "commander";
import { createCommand, exitWith } from "../../core/runtime/command-line.ts";
import { errorLine, PlimsollError } from "../../core/runtime/errors.ts";
import { openLogger } from "../../core/runtime/logger.ts";
import { EXIT } from "../../core/runtime/program.ts";
import { openDockerEngine } from "../docker/engine.ts";
import type { PlacementRules } from "../fleet/placement.ts";
import { withFleetSession } from "../fleet/session.ts";
import type { HostConfig } from "../host/config.ts";
import type { MachineRecord } from "../machines/documents.ts";
import type { Operation } from "../operations/documents.ts";
import { type Ending, recordOf } from "../operations/journal.ts";
import { print } from "../print.ts";
import { renderStep } from "../step/render.ts";
import type { Step } from "../step/steps.ts";
import { DEFAULT_STORE, isSharedStore } from "../store/open.ts";
import type { Store } from "../store/types.ts";
import type { Failure, Outcome } from "./operator.ts";
import { showProgress } from "./progress.ts";
import { type ChangeRequest, checkRequest } from "./request.ts";
import type { SessionEvents } from "./session.ts";
import { type MachineView, viewMachines } from "./views.ts";

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

/** Plans, and unless it is a dry run carries out. Machines that did not get there are told, and exit code 1. */
export async function changeMachines(
  options: CommonOptions,
  signal: AbortSignal,
  request: ChangeRequest,
  report: (outcome: Outcome) => void,
  rules?: PlacementRules,
): Promise<void> {
  // Of another host's CPUs nothing is known yet.
  checkRequest(request, isSharedStore(options.store) ? Number.POSITIVE_INFINITY : undefined);
  const events = eventsFor(options);
  const log = openLogger("plimsoll", "warn");
  const asked = { request, rules, look: lookAt };
  const outcome = await withFleetSession(options, log, signal, events, asked, async (operator) => {
    if (!options.dryRun) return operator.carryOut(request, events.watcher, signal);
    printPlan(options, await operator.plan(request, signal));
    return undefined;
  }).catch((error) => {
    if (signal.aborted) tellInterruption(error);
    throw error;
  });
  if (outcome === undefined) return;
  const hasNothingToTell = outcome.done.length === 0 && outcome.failures.length > 0;
  if (!hasNothingToTell) report(outcome);
  tellFailures(outcome.failures, signal);
}

function tellFailures(failures: readonly Failure[], signal: AbortSignal): void {
  // Those that were taken back for another's sake have nothing to tell, nor has who was interrupted and undone.
  const [first, ...rest] = failures.filter(
    ({ error, state }) => error !== undefined && !(signal.aborted && state === "undone"),
  );
  for (const failure of rest) process.stderr.write(`error: ${renderFailure(failure)}\n`);
  if (signal.aborted) tellInterruption(first && new PlimsollError("CT", renderFailure(first)));
  if (first !== undefined) throw new PlimsollError("CT", renderFailure(first));
}

/** What is left to say, if anything: that it was interrupted, its exit code does. */
function tellInterruption(error: unknown): void {
  if (error instanceof PlimsollError) process.stderr.write(`error: ${errorLine(error)}\n`);
  exitWith(EXIT.interrupted);
}

/** For who only looks, with an engine of its own. */
export async function lookAt(
  store: Store,
  config: HostConfig,
  records: readonly MachineRecord[],
): Promise<readonly MachineView[]> {
  const docker = openDockerEngine(config.docker);
  try {
    return await viewMachines(store, config.name, docker, records);
  } finally {
    await docker.close();
  }
}

function printPlan(options: CommonOptions, steps: readonly Step[]): void {
  print(options, steps, () =>
    steps.length === 0 ? "nothing to do\n" : steps.map((step) => `${renderStep(step)}\n`).join(""),
  );
}

function eventsFor(options: CommonOptions): SessionEvents {
  const tell = (line: string): void => void process.stderr.write(`${line}\n`);
  return {
    watcher: showProgress(process.stderr, options.quiet === true || options.json === true),
    onWait: (owner) => tell(`waiting: ${owner} is changing this host`),
    onResume: (operation, endings) => tell(renderResumption(operation, endings)),
  };
}

/** `went on with an interrupted create: web-1 done, web-2 undone (it has ended: exit code 3)`. */
function renderResumption({ kind }: Operation, endings: readonly Ending[]): string {
  const each = endings.map(({ track, state }) => {
    const why = state === "done" || track.error === undefined ? "" : ` (${track.error})`;
    return `${recordOf(track).machine.name} ${state}${why}`;
  });
  return `went on with an interrupted ${kind}: ${each.join(", ")}`;
}

function renderFailure({ name, state, error = "not finished" }: Failure): string {
  const line = error.startsWith(`container ${name}:`) ? error : `container ${name}: ${error}`;
  return state === "stuck" && !line.includes("(hint: ")
    ? `${line} (hint: it is tried again by the next plimsoll ct command that changes something)`
    : line;
}
