import { hostname } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import { systemClock } from "../../../core/runtime/clock.ts";
import { createCommand, withExamples } from "../../../core/runtime/command-line.ts";
import { parseDuration } from "../../../core/runtime/duration.ts";
import { openLogger } from "../../../core/runtime/logger.ts";
import { readHostConfig } from "../../host/config.ts";
import { DEFAULT_STORE, withStore } from "../../store/open.ts";
import type { Store } from "../../store/types.ts";
import { readInUse } from "../retention/in-use.ts";
import { checkAccess } from "./access.ts";
import { chooseReplica, DEFAULT_SERVER_FILE, readServer, type ServerSpec } from "./declaration.ts";
import { collectGarbage, type GarbageReport, planGarbage, type Untagged } from "./garbage.ts";
import { type PlannedFile, planInit, writeFiles } from "./init.ts";
import { checkKeepalived } from "./keepalived-check.ts";
import { runReplica } from "./replica.ts";
import { ServerDocuments } from "./window.ts";

interface ServerOptions {
  readonly server?: string;
  readonly store?: string;
  readonly json?: true;
}

/** What runs a registry of ours. */
export function registryServerCommands(signal: AbortSignal): readonly Command[] {
  return [registryInit(), registryUp(signal), registryGc(signal)];
}

interface InitOptions extends ServerOptions {
  readonly dryRun?: true;
}

function registryInit(): Command {
  const command = serverCommand("init", "check what a registry of ours is to be, and write its configuration")
    .option("--dry-run", "check, say what would be written, and write nothing")
    .option("--json", "print JSON")
    .action(async ({ server, dryRun, json }: InitOptions) => {
      const spec = await readServer(server);
      const files = await planInit(spec, systemClock.nowMs());
      await checkAccess(spec);
      const checks = await checkAll(files);
      if (!dryRun) await writeFiles(spec, files);
      const told = files.map(({ name, change }) => ({ file: join(spec.folder, name), change }));
      const lines = told.map(({ file, change }) => `${file} ${sayChange(change, dryRun === true)}\n`);
      if (checks.includes(false))
        lines.push("keepalived is not installed here: its files were not checked\n");
      process.stdout.write(json ? `${JSON.stringify(told)}\n` : lines.join(""));
    });
  return withExamples(command, [
    ["plimsoll registry init --dry-run", "what is wrong with the declaration, or what would be written"],
    ["plimsoll registry init --server ./registry-server.yaml", "another one than the preset"],
  ]);
}

function checkAll(files: readonly PlannedFile[]): Promise<readonly boolean[]> {
  const directors = files.filter(({ name }) => name.startsWith("keepalived-"));
  return Promise.all(directors.map(async ({ name, text }) => (await checkKeepalived(name, text)) === true));
}

function sayChange(change: PlannedFile["change"], isDryRun: boolean): string {
  if (change === "keep") return "is as it should be";
  const done = { create: "written", replace: "replaced" }[change];
  return isDryRun ? `to be ${done}` : done;
}

interface UpOptions extends ServerOptions {
  readonly replica?: string;
}

function registryUp(signal: AbortSignal): Command {
  const command = serverCommand("up", "run a replica in the foreground, until it is interrupted")
    .option("--replica <name>", "which; unless told the only one, or the one of this host's name")
    .option("--store <url>", STORE_HELP)
    .action(async ({ server, store: place, replica: name }: UpOptions) => {
      const spec = await readServer(server);
      const replica = chooseReplica(spec, name, hostname());
      const log = openLogger("plimsoll-registry", "info");
      await withStore(place, async (store) => {
        const documents = new ServerDocuments(store, spec.name);
        await runReplica(spec, replica, { documents, clock: systemClock, signal, log });
      });
    });
  return withExamples(command, [
    ["plimsoll registry up", "as plimsoll-registry.service does"],
    ["plimsoll registry up --replica b --store etcd+http://10.0.0.1:2379", "one of several"],
  ]);
}

interface GcOptions extends ServerOptions {
  readonly dryRun?: true;
  readonly without: readonly string[];
  readonly untagged?: string;
}

function registryGc(signal: AbortSignal): Command {
  const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value];
  const command = serverCommand("gc", "free what no manifest needs; meanwhile all replicas are read-only")
    .option("--dry-run", "say what would be freed; nobody is disturbed")
    .option("--untagged <age>", "first remove manifests that no tag leads to, pushed before that, e.g. 7d")
    .option("--without <replica>", "one that is known to be off (repeatable)", collect, [])
    .option("--store <url>", STORE_HELP)
    .option("--json", "print JSON")
    .action((options: GcOptions) =>
      withStore(options.store, async (store) => {
        const { server, dryRun, json } = options;
        const spec = await readServer(server);
        const report = await collectOrPlan(spec, store, signal, options);
        process.stdout.write(json ? `${JSON.stringify(report)}\n` : sayGarbage(report, dryRun === true));
      }),
    );
  return withExamples(command, [
    ["plimsoll registry gc --dry-run", "what it would free"],
    ["plimsoll registry gc --untagged 7d", "with what tags have been moved away from"],
    ["plimsoll registry gc --without b", "while replica b is off"],
  ]);
}

async function collectOrPlan(
  spec: ServerSpec,
  store: Store,
  signal: AbortSignal,
  { dryRun, without, untagged: age, json }: GcOptions,
): Promise<GarbageReport> {
  const untagged =
    age === undefined ? undefined : await readUntagged(store, parseDuration("--untagged", age));
  const context = { clock: systemClock, signal, untagged };
  if (dryRun) return planGarbage(spec, context);
  const documents = new ServerDocuments(store, spec.name);
  const say = (line: string): void => void (json || process.stdout.write(`${line}\n`));
  return collectGarbage(spec, { ...context, documents, without, say });
}

async function readUntagged(store: Store, ageMs: number): Promise<Untagged> {
  const { docker } = await readHostConfig(undefined);
  return { ageMs, inUse: (await readInUse(store, docker)).digests };
}

function sayGarbage({ marked, blobs, bytes, untagged }: GarbageReport, isDryRun: boolean): string {
  const size = bytes === undefined ? "" : ` of ${bytes} bytes`;
  const first =
    untagged === 0 ? "" : `${untagged} untagged manifests ${isDryRun ? "to be removed" : "removed"}\n`;
  return `${first}${blobs} blobs${size} ${isDryRun ? "to be freed" : "freed"}, ${marked} are needed\n`;
}

const STORE_HELP = `a path, or etcd+http://HOST:PORT; PLIMSOLL_STORE, else ${DEFAULT_STORE}`;

function serverCommand(name: string, description: string): Command {
  return createCommand(name, description).option(
    "--server <file>",
    `what the registry is to be; PLIMSOLL_REGISTRY_SERVER, else ${DEFAULT_SERVER_FILE}`,
  );
}
