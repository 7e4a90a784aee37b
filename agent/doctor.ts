import { existsSync, statfsSync } from "node:fs";
import type { Series } from "../core/metrics/series.ts";
import { systemClock } from "../core/runtime/clock.ts";
import { errorLine } from "../core/runtime/errors.ts";
import type { Finding } from "../core/runtime/finding.ts";
import type { LogFields, Logger } from "../core/runtime/log.ts";
import { checkReceiver } from "./check-receiver.ts";
import { IDENTITY_FILE, readIdentityFile } from "./identity.ts";
import type { AgentOptions } from "./options.ts";
import { requireWork } from "./run.ts";
import { openSampling } from "./sampling.ts";
import { canBeMade, type SpoolSettings } from "./spool-options.ts";

/** For the slowest source there may be: nothing else waits here. */
const PATIENCE_MS = 30_000;

/** Looks at everything that samples need on their way, and at what they may be wrong about. */
export async function diagnose(read: () => Promise<AgentOptions>): Promise<readonly Finding[]> {
  let options: AgentOptions;
  try {
    options = requireWork(await read());
  } catch (error) {
    return [{ state: "wrong", what: errorLine(error) }];
  }
  const { configFile = "none", destinations, intervalMs, spool } = options;
  const checks = [
    Promise.resolve([
      { state: "ok" as const, what: `configuration: ${configFile}` },
      ...checkEnvironment(options),
      ...launcher(),
    ]),
    checkSampling(options),
    ...destinations.map((destination) => checkReceiver(destination, intervalMs)),
    Promise.resolve(destinations.length === 0 ? [] : [checkSpool(spool)]),
  ];
  return (await Promise.all(checks)).flat();
}

function checkEnvironment({ strangers }: AgentOptions): readonly Finding[] {
  return strangers.map((variable) => ({
    state: "note",
    what: `${variable} is not an option`,
    hint: "options are those of the configuration file, in capitals: maxCpu is PLIMSOLL_AGENT_MAX_CPU",
  }));
}

/** The launcher's flags show in the one that leaves something behind. */
function launcher(): readonly Finding[] {
  if (globalThis.gc !== undefined) return [];
  const what = "started without the settings that make it small: memory is two to three times as much";
  return [{ state: "note", what, hint: "start bin/plimsoll-agent, or dist/plimsoll-agent.cjs itself" }];
}

/** Takes one sample, and looks at who it is of, what is missing in it, and whose figures it has. */
async function checkSampling(options: AgentOptions): Promise<readonly Finding[]> {
  const { log, warnings } = collectWarnings();
  const { sampler, identity, files } = openSampling(options, systemClock, log);
  const answers = await sampler.sample(systemClock.nowMs(), PATIENCE_MS);
  await identity.labels();
  await files.close();
  const series = answers.flatMap((answer) => answer.series);
  const failed = warnings
    .filter(({ fields }) => fields.source !== undefined)
    .map(({ fields }): Finding => ({ state: "wrong", what: `source ${fields.source}: ${fields.problem}` }));
  const sources: Finding = {
    state: "ok",
    what: `${options.sources.length - failed.length} of ${options.sources.length} sources answer`,
  };
  const findings = [checkIdentity(options.ip, identity.ip, warnings), checkProc(series, warnings), sources];
  return [...findings, ...failed, ...checkUser(series)];
}

interface Warning {
  readonly message: string;
  readonly fields: LogFields;
}

/** What a running agent would log is what is wrong. */
function collectWarnings(): { readonly log: Logger; readonly warnings: readonly Warning[] } {
  const warnings: Warning[] = [];
  const keep = (fields: LogFields, message: string): void => void warnings.push({ fields, message });
  const drop = (): void => {};
  return { log: { error: keep, warn: keep, info: drop, debug: drop, trace: drop }, warnings };
}

function checkIdentity(
  option: string | undefined,
  ip: string | undefined,
  warnings: readonly Warning[],
): Finding {
  const problem = warnings.find(({ message }) => message === "identity incomplete")?.fields.problem;
  if (ip === undefined || problem !== undefined) {
    const what = `identity: ${problem ?? "no address"}: samples are kept, and not sent`;
    return { state: "wrong", what, hint: `give --ip, or write ${IDENTITY_FILE}` };
  }
  if (option !== undefined) return { state: "ok", what: `identity: ${ip}, as configured` };
  if (hasAddressInFile()) return { state: "ok", what: `identity: ${ip}, as ${IDENTITY_FILE} says` };
  const what = `identity: ${ip}, the address of the default route: it follows whatever that becomes`;
  return { state: "note", what };
}

function hasAddressInFile(): boolean {
  try {
    return readIdentityFile(IDENTITY_FILE).ip !== undefined;
  } catch {
    return false;
  }
}

function checkProc(series: readonly Series[], warnings: readonly Warning[]): Finding {
  const hidden = warnings.find(({ fields }) => fields.hint !== undefined);
  if (hidden !== undefined) return { state: "wrong", what: hidden.message, hint: String(hidden.fields.hint) };
  const files = namesWhere(series, "plimsoll_proc_virtual", "file");
  if (files.length > 0) return { state: "ok", what: `the container's own: ${files.join(" ")}` };
  return {
    state: "note",
    what: "/proc is the kernel's: right on a machine, the host's figures in a container",
  };
}

/** Labels of the series of `metric` that are 1. */
function namesWhere(series: readonly Series[], metric: string, label: string): readonly string[] {
  return series
    .filter(({ name, samples }) => name === metric && samples.at(-1)?.value === 1)
    .map(({ labels }) => labels[label] ?? "");
}

function checkUser(series: readonly Series[]): readonly Finding[] {
  const unseen = namesWhere(series, "node_filesystem_device_error", "mountpoint");
  const user = process.getuid?.() ?? 0;
  const findings: Finding[] = [];
  if (unseen.length > 0)
    findings.push({
      state: "note",
      what: `file systems that do not say their size: ${unseen.join(" ")}`,
      hint: "filter them out, or run as a user who may look there",
    });
  if (user !== 0)
    findings.push({ state: "note", what: `runs as user ${user}: what only root sees is left out` });
  return findings;
}

function checkSpool({ directory, isFallback, maxBytes }: SpoolSettings): Finding {
  if (directory === undefined) {
    const what = "spool: in memory, what a receiver has not taken ends with the process";
    return { state: isFallback ? "wrong" : "note", what, hint: "give --spool DIR that can be written" };
  }
  if (!canBeMade(directory)) {
    const hint = "samples would wait in memory; make it, for the user the agent runs as";
    return { state: "wrong", what: `spool: ${directory} can be neither made nor written`, hint };
  }
  if (!existsSync(directory)) return { state: "ok", what: `spool: ${directory}, to be made at the start` };
  const { bavail, bsize } = statfsSync(directory);
  const what = `spool: ${directory}, ${Math.floor((bavail * bsize) / 2 ** 20)} MiB free`;
  if (bavail * bsize >= maxBytes) return { state: "ok", what };
  return { state: "note", what, hint: `it may take ${maxBytes / 2 ** 20} MiB for each destination` };
}
