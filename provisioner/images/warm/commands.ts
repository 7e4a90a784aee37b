import type { Command } from "commander";
import { systemClock } from "../../../core/runtime/clock.ts";
import { createCommand, exitWith, withExamples } from "../../../core/runtime/command-line.ts";
import { parseDuration } from "../../../core/runtime/duration.ts";
import { errorLine, PlimsollError } from "../../../core/runtime/errors.ts";
import { EXIT } from "../../../core/runtime/program.ts";
import { readHostConfig } from "../../host/config.ts";
import { chooseRules } from "../../registry/choose-rules.ts";
import { Hints } from "../../registry/replication/hints.ts";
import { listenForHints, refuseListening } from "../../registry/replication/listen-for-hints.ts";
import { DEFAULT_FILE } from "../../registry/replication/rules.ts";
import { watchRules } from "../../registry/replication/watch.ts";
import { DEFAULT_STORE, withStore } from "../../store/open.ts";
import type { Store } from "../../store/types.ts";
import { renderOutcome, renderPlan, renderProgress } from "./render.ts";
import { readWarmRules, type WarmRule } from "./rules.ts";
import { planRule, type RuleOutcome, type RunParts, runRule } from "./run-rule.ts";
import { readWarmStatuses, renderWarmMetrics, renderWarmStatus } from "./status.ts";

/** Not those of replication: whoever follows a hint removes it. */
const HINTS = "image-warm-hints/";

interface CommonOptions {
  readonly store?: string;
  readonly config?: string;
  readonly json?: true;
}

interface WarmOptions extends CommonOptions {
  readonly all?: true;
  readonly dryRun?: true;
  readonly every?: string;
  readonly listen?: string;
  readonly tokenFile?: string;
}

export function imageWarm(signal: AbortSignal, platform: string): Command {
  const command = warmCommand("warm", "have hosts pull images before machines are made of them")
    .argument("[rule...]", "rules under warm: in the configuration file")
    .option("--all", "all of them")
    .option("--dry-run", "say what would be pulled where, and pull nothing")
    .option("--every <time>", "stay, and look again each time, e.g. 1h")
    .option("--listen <host:port>", "and take notifications of the registry there, to be there sooner")
    .option("--token-file <file>", "what notifications must bring as a bearer token")
    .action((names: readonly string[], options: WarmOptions) =>
      withStore(options.store, async (store) => {
        const rules = chooseRules(await readWarmRules(options.config), names, options.all === true);
        const parts = await openParts(store, platform, options, signal);
        if (options.every !== undefined) {
          await watch(rules, parts, options, parseDuration("--every", options.every));
          exitWith(EXIT.interrupted);
        }
        refuseListening(options);
        if (options.dryRun) return plan(rules, parts, options);
        await runOnce(rules, parts, options);
      }),
    );
  command.addCommand(imageWarmStatus());
  return withExamples(command, [
    ["plimsoll image warm base --dry-run", "which images on which hosts"],
    ["plimsoll image warm --all --every 1h --listen 127.0.0.1:9468", "as a service, at once on a push"],
    ["plimsoll image warm status", "which host has what of each rule"],
  ]);
}

interface StatusOptions extends CommonOptions {
  readonly metrics?: true;
}

function imageWarmStatus(): Command {
  const command = warmCommand("status", "each rule and host: how many images are there, and since when")
    .option("--metrics", "in Prometheus' text format, for a text file of the agent")
    .action((_: StatusOptions, self: Command) => {
      // Those that `warm` has as well are its, wherever they stand.
      const options = self.optsWithGlobals<StatusOptions>();
      return withStore(options.store, async (store) => {
        const statuses = await readWarmStatuses(await readWarmRules(options.config), store);
        const text = options.metrics
          ? renderWarmMetrics(statuses, systemClock.nowMs())
          : renderWarmStatus(statuses);
        process.stdout.write(options.json ? `${JSON.stringify(statuses)}\n` : text);
      });
    });
  return withExamples(command, [
    ["plimsoll image warm status --metrics", "images by state, and lag_seconds, for each rule and host"],
  ]);
}

function warmCommand(name: string, description: string): Command {
  return createCommand(name, description)
    .option("--config <file>", `registries and rules; PLIMSOLL_REGISTRY_CONFIG, else ${DEFAULT_FILE}`)
    .option("--store <url>", `a path, or etcd+http://HOST:PORT; PLIMSOLL_STORE, else ${DEFAULT_STORE}`)
    .option("--json", "print JSON");
}

async function openParts(
  store: Store,
  platform: string,
  { json }: CommonOptions,
  signal: AbortSignal,
): Promise<RunParts> {
  const { name, docker } = await readHostConfig(undefined);
  return {
    ...{ store, clock: systemClock, here: name, socketPath: docker, platform, signal },
    onReport: (report) => void (json || process.stderr.write(renderProgress(report))),
  };
}

async function plan(rules: readonly WarmRule[], parts: RunParts, { json }: WarmOptions): Promise<void> {
  const plans = [];
  for (const rule of rules) plans.push(await planRule(rule, parts));
  process.stdout.write(json ? `${JSON.stringify(plans)}\n` : plans.map(renderPlan).join(""));
}

async function runOnce(rules: readonly WarmRule[], parts: RunParts, { json }: WarmOptions): Promise<void> {
  const outcomes: RuleOutcome[] = [];
  for (const rule of rules) {
    if (parts.signal.aborted) break;
    const outcome = await runRule(rule, parts);
    if (!json) process.stdout.write(renderOutcome(outcome));
    outcomes.push(outcome);
  }
  if (json) process.stdout.write(`${JSON.stringify(outcomes)}\n`);
  if (parts.signal.aborted) exitWith(EXIT.interrupted);
  exitWith(outcomes.every(isWell) ? EXIT.done : EXIT.failed);
}

function isWell({ refused, hosts }: RuleOutcome): boolean {
  return (
    refused.length === 0 && hosts.every(({ state, report }) => state === "ended" && !report?.failed.length)
  );
}

/** Until it is interrupted. A rule whose registry is away costs itself. */
async function watch(
  rules: readonly WarmRule[],
  parts: RunParts,
  options: WarmOptions,
  everyMs: number,
): Promise<void> {
  const { store, clock, signal } = parts;
  const hints = new Hints(store, clock, HINTS);
  const server = await listenForHints(hints, options);
  const run = async (only?: ReadonlySet<string>): Promise<void> => {
    for (const rule of rules) {
      if (signal.aborted || (only !== undefined && ![...only].some(rule.repositories))) continue;
      await runAndTell(rule, parts, options);
    }
  };
  try {
    await watchRules(everyMs, hints, clock, signal, run);
  } finally {
    await server?.close();
  }
}

async function runAndTell(rule: WarmRule, parts: RunParts, { json, dryRun }: WarmOptions): Promise<void> {
  try {
    const [value, text] = dryRun
      ? await planRule(rule, parts).then((found) => [found, renderPlan(found)] as const)
      : await runRule(rule, parts).then((found) => [found, renderOutcome(found)] as const);
    process.stdout.write(json ? `${JSON.stringify(value)}\n` : text);
  } catch (error) {
    if (!(error instanceof PlimsollError)) throw error;
    process.stderr.write(`error: ${rule.name}: ${errorLine(error)}\n`);
  }
}
