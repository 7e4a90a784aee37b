import type { Command } from "commander";
import { systemClock } from "../core/runtime/clock.ts";
import { createCommand, exitWith, withExamples } from "../core/runtime/command-line.ts";
import { parseDuration } from "../core/runtime/duration.ts";
import { errorLine, PlimsollError } from "../core/runtime/errors.ts";
import { EXIT } from "../core/runtime/program.ts";
import { chooseRules } from "./registry/choose-rules.ts";
import { Registry } from "./registry/client.ts";
import { Hints } from "./registry/replication/hints.ts";
import { SyncJournal } from "./registry/replication/journal.ts";
import { listenForHints, refuseListening } from "./registry/replication/listen-for-hints.ts";
import { openQuarantine } from "./registry/replication/quarantine.ts";
import { type RuleStatus, renderMetrics, renderReport, renderStatus } from "./registry/replication/render.ts";
import { DEFAULT_FILE, findRules, readRules, type SyncRule } from "./registry/replication/rules.ts";
import { type SyncReport, synchronize } from "./registry/replication/synchronize.ts";
import { watchRules } from "./registry/replication/watch.ts";
import { registryRemovalCommands } from "./registry/retention/commands.ts";
import { readRetentions, renderRetentionMetrics, renderRetentions } from "./registry/retention/journal.ts";
import { findRetention } from "./registry/retention/rules.ts";
import { registryServerCommands } from "./registry/server/commands.ts";
import { findServer } from "./registry/server/declaration.ts";
import { readServerStatus, renderReplicas, renderServerMetrics } from "./registry/server/status.ts";
import { ServerDocuments } from "./registry/server/window.ts";
import { registryTokenCommands } from "./registry/tokens/commands.ts";
import { DEFAULT_STORE, withStore } from "./store/open.ts";
import type { Store } from "./store/types.ts";

/** `plimsoll registry`: registries of ours, and images of one registry in another. */
export function registryCommand(signal: AbortSignal): Command {
  const command = createCommand("registry", "run a registry; keep images of one in another");
  const others = [registryServerCommands, registryTokenCommands, registryRemovalCommands];
  for (const each of others.flatMap((make) => make(signal))) command.addCommand(each);
  command.addCommand(registrySync(signal)).addCommand(registryStatus());
  return withExamples(command, [
    ["plimsoll registry sync --all", "every rule of the configuration file, once"],
    ["plimsoll registry status", "how far behind each rule is"],
  ]);
}

interface CommonOptions {
  readonly store?: string;
  readonly config?: string;
  readonly json?: true;
}

interface SyncOptions extends CommonOptions {
  readonly all?: true;
  readonly dryRun?: true;
  readonly every?: string;
  readonly listen?: string;
  readonly tokenFile?: string;
}

function registrySync(signal: AbortSignal): Command {
  const command = registrySubCommand("sync", "compare by digests, and copy what is missing or has moved")
    .argument("[rule...]", "rules of the configuration file")
    .option("--all", "all of them")
    .option("--dry-run", "say what would be done, and do nothing")
    .option("--every <time>", "stay, and compare again each time, e.g. 10m")
    .option("--listen <host:port>", "and take notifications of the source there, to be there sooner")
    .option("--token-file <file>", "what notifications must bring as a bearer token")
    .action((names: readonly string[], options: SyncOptions) =>
      withStore(options.store, async (store) => {
        const rules = chooseRules(await readRules(options.config), names, options.all === true);
        if (options.every !== undefined) {
          await watch(rules, store, signal, options, options.every);
          exitWith(EXIT.interrupted);
        }
        refuseListening(options);
        const reports = await runRules(rules, store, signal, options);
        if (options.json) process.stdout.write(`${JSON.stringify(reports)}\n`);
        if (signal.aborted) exitWith(EXIT.interrupted);
        const isLeft = reports.some(({ counts }) => counts.failed + counts.diverged + counts.refused > 0);
        exitWith(isLeft ? EXIT.failed : EXIT.done);
      }),
    );
  return withExamples(command, [
    ["plimsoll registry sync --all --every 10m --listen 127.0.0.1:9467", "as a service"],
    ["plimsoll registry sync releases --dry-run", "what it would copy"],
    [
      "plimsoll registry sync --all --json",
      "what each rule did; exit code 1 when a tag failed or has diverged",
    ],
  ]);
}

interface StatusOptions extends CommonOptions {
  readonly server?: string;
  readonly metrics?: true;
}

function registryStatus(): Command {
  const command = registrySubCommand("status", "our replicas; each rule's last run, and how far behind it is")
    .option("--server <file>", "what our registry is to be, as for registry init")
    .option("--metrics", "in Prometheus' text format, for a text file of the agent")
    .action((options: StatusOptions) =>
      withStore(options.store, async (store) => {
        const server = await findServer(options.server);
        const found = await (server === undefined ? readRules(options.config) : findRules(options.config));
        const rules = await readStatuses(found, store);
        const own = server && (await readServerStatus(server, new ServerDocuments(store, server.name)));
        const retention = await readRetentions(store, await findRetention(options.config));
        const tables = [
          own && renderReplicas(own.replicas),
          found.length > 0 && renderStatus(rules),
          retention.length > 0 && renderRetentions(retention),
        ];
        const text = options.metrics
          ? renderMetrics(rules, systemClock.nowMs()) +
            renderServerMetrics(own) +
            renderRetentionMetrics(retention)
          : tables.filter(Boolean).join("\n");
        const json = { ...own, rules: rules.map(({ rule, status }) => ({ rule, ...status })), retention };
        process.stdout.write(options.json ? `${JSON.stringify(json)}\n` : text);
      }),
    );
  return withExamples(command, [
    ["plimsoll registry status", "who serves, and what is behind"],
    [
      "plimsoll registry status --metrics",
      "each rule's lag_seconds and tags, each replica's state, the last retain and gc",
    ],
  ]);
}

function readStatuses(rules: readonly SyncRule[], store: Store): Promise<readonly RuleStatus[]> {
  return Promise.all(
    rules.map(async (rule) => ({
      rule: rule.name,
      status: await new SyncJournal(store, systemClock, rule).readStatus(),
    })),
  );
}

function registrySubCommand(name: string, description: string): Command {
  return createCommand(name, description)
    .option("--config <file>", `registries and rules; PLIMSOLL_REGISTRY_CONFIG, else ${DEFAULT_FILE}`)
    .option("--store <url>", `a path, or etcd+http://HOST:PORT; PLIMSOLL_STORE, else ${DEFAULT_STORE}`)
    .option("--json", "print JSON");
}

/** One after the other: a rule may bring what the next one takes further. */
async function runRules(
  rules: readonly SyncRule[],
  store: Store,
  signal: AbortSignal,
  { json, dryRun }: SyncOptions,
): Promise<readonly SyncReport[]> {
  const reports: SyncReport[] = [];
  for (const rule of rules) {
    if (signal.aborted) break;
    const report = await runRule(rule, store, signal, dryRun === true);
    if (!json) process.stdout.write(renderReport(report, dryRun === true));
    reports.push(report);
  }
  return reports;
}

/** Until it is interrupted, which is how it ends well. */
async function watch(
  rules: readonly SyncRule[],
  store: Store,
  signal: AbortSignal,
  options: SyncOptions,
  every: string,
): Promise<void> {
  const everyMs = parseDuration("--every", every);
  const hints = new Hints(store, systemClock);
  const server = await listenForHints(hints, options);
  const run = async (only?: ReadonlySet<string>): Promise<void> => {
    for (const rule of rules) await runAndTell(rule, store, signal, options, only);
  };
  try {
    await watchRules(everyMs, hints, systemClock, signal, run);
  } finally {
    await server?.close();
  }
}

/** A rule whose registry is away costs itself. */
async function runAndTell(
  rule: SyncRule,
  store: Store,
  signal: AbortSignal,
  { json, dryRun }: SyncOptions,
  only: ReadonlySet<string> | undefined,
): Promise<void> {
  try {
    const report = await runRule(rule, store, signal, dryRun === true, only);
    const isNews = report.outcomes.length > 0 || only === undefined;
    const text = json ? `${JSON.stringify(report)}\n` : renderReport(report, dryRun === true);
    if (isNews) process.stdout.write(text);
  } catch (error) {
    if (!(error instanceof PlimsollError)) throw error;
    process.stderr.write(`error: ${rule.name}: ${errorLine(error)}\n`);
  }
}

async function runRule(
  rule: SyncRule,
  store: Store,
  signal: AbortSignal,
  isDryRun: boolean,
  only?: ReadonlySet<string>,
): Promise<SyncReport> {
  const [source, destination] = [new Registry(rule.from), new Registry(rule.to)];
  const journal = new SyncJournal(store, systemClock, rule);
  const { policyFile } = rule;
  try {
    const judge = policyFile === undefined ? undefined : await openQuarantine(policyFile, source, journal);
    return await synchronize(rule, {
      judge,
      source,
      destination,
      journal,
      clock: systemClock,
      signal,
      isDryRun,
      only,
    });
  } finally {
    await Promise.all([source.close(), destination.close()]);
  }
}
