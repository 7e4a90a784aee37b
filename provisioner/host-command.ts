import type { Command } from "commander";
import { systemClock } from "../core/runtime/clock.ts";
import { createCommand, exitWith, withExamples } from "../core/runtime/command-line.ts";
import { PlimsollError } from "../core/runtime/errors.ts";
import { exec } from "../core/runtime/exec.ts";
import { exitCodeOf, renderFindings } from "../core/runtime/finding.ts";
import { openLogger } from "../core/runtime/logger.ts";
import { confirm } from "./confirm.ts";
import { Links } from "./drivers/links.ts";
import { openOvs } from "./drivers/ovs.ts";
import { fleetCommands } from "./fleet/host-commands.ts";
import { type HostConfig, readHostConfig } from "./host/config.ts";
import { diagnoseHost } from "./host/doctor.ts";
import { takeGroundLock } from "./host/lock.ts";
import { type HostDrivers, type HostPlan, planHost, prepareHost, renderPlan } from "./host/prepare.ts";
import { readHostStatus, renderHostStatus } from "./host/status.ts";
import { renderProblem } from "./host-network/render.ts";
import { print } from "./print.ts";

/** `plimsoll host`: what the machines of this host stand on, and the hosts that share a store with it. */
export function hostCommand(signal: AbortSignal): Command {
  const command = createCommand("host", "what the machines of this host stand on, and the other hosts");
  for (const make of [hostInit, hostStatus, hostDoctor]) command.addCommand(make(signal));
  for (const each of fleetCommands(signal)) command.addCommand(each);
  return withExamples(command, [
    ["plimsoll host init --dry-run", "what would be changed"],
    ["plimsoll host doctor", "what is missing, and what is used instead"],
    ["plimsoll host list", "all hosts that share a store, and how full they are"],
  ]);
}

interface CommonOptions {
  readonly config?: string;
  readonly json?: true;
}

interface InitOptions extends CommonOptions {
  readonly yes?: true;
  readonly dryRun?: true;
}

function hostInit(signal: AbortSignal): Command {
  const command = hostSubCommand(
    "init",
    "make the host be as host.yaml says: bridge, bond, volume group, engine",
  )
    .option("--yes", "do not ask")
    .option("--dry-run", "print the plan, and change nothing")
    .action(async (options: InitOptions) => {
      const config = await readHostConfig(options.config);
      const onWait = (owner: string): void => tell(`waiting: ${owner} is changing this host`);
      const release = await takeGroundLock({ clock: systemClock, signal, onWait });
      try {
        await withDrivers(config, (drivers) => initialize(config, drivers, options, signal));
      } finally {
        release();
      }
    });
  return withExamples(command, [
    ["plimsoll host init", "prints the plan, asks, and takes all back if a part of it fails"],
    ["plimsoll host init --yes --json", "the changes that were made; none are []"],
  ]);
}

const ASKED = {
  command: "host init",
  question: "Make these changes?",
  hint: "--dry-run shows the plan, --yes makes it",
} as const;

async function initialize(
  config: HostConfig,
  drivers: HostDrivers,
  options: InitOptions,
  signal: AbortSignal,
): Promise<void> {
  const plan = await planHost(config, drivers);
  refuseProblems(plan);
  const lines = renderPlan(plan);
  if (lines.length === 0) return print(options, [], () => "nothing to do\n");
  if (options.dryRun) return print(options, lines, () => renderLines(lines));
  if (!options.yes) await confirm({ ...ASKED, lines }, signal);
  const log = openLogger("plimsoll", "warn");
  await prepareHost(plan, drivers, log, (line) => options.json || process.stdout.write(`${line}\n`));
  print(options, lines, () => "");
}

function refuseProblems({ problems }: HostPlan): void {
  const [first, ...rest] = problems;
  if (first === undefined) return;
  for (const problem of rest) tell(`error: ${renderProblem(problem)}`);
  const { subject, message, hint } = first;
  throw new PlimsollError("HOST", `${subject}: ${message}`, hint === undefined ? {} : { hint });
}

function hostStatus(): Command {
  const command = hostSubCommand("status", "bridge, bond, storage, engine and shim as they are").action(
    async (options: CommonOptions) => {
      const config = await readHostConfig(options.config);
      const status = await readHostStatus(config, openLogger("plimsoll", "error"));
      print(options, status, () => renderHostStatus(status));
    },
  );
  return withExamples(command, [["plimsoll host status --json", "for scripts"]]);
}

function hostDoctor(): Command {
  const command = hostSubCommand(
    "doctor",
    "what the kernel or the host lacks, and what is used instead",
  ).action(async (options: CommonOptions) => {
    const config = await readHostConfig(options.config);
    const status = await readHostStatus(config, openLogger("plimsoll", "error"));
    const findings = await diagnoseHost({ config, status, run: exec, root: "/" });
    process.stdout.write(renderFindings(findings, options.json === true));
    exitWith(exitCodeOf(findings));
  });
  return withExamples(command, [["plimsoll host doctor", "exit code 1 if anything is wrong"]]);
}

function hostSubCommand(name: string, description: string): Command {
  return createCommand(name, description)
    .option("--config <file>", "what this host has; PLIMSOLL_HOST_CONFIG, else /etc/plimsoll/host.yaml")
    .option("--json", "print JSON");
}

async function withDrivers(config: HostConfig, use: (drivers: HostDrivers) => Promise<void>): Promise<void> {
  const ovs = await openOvs({ remote: config.ovs, log: openLogger("plimsoll", "warn") });
  try {
    await use({ ovs, links: new Links() });
  } finally {
    await ovs.close();
  }
}

function renderLines(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join("");
}

function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}
