import type { Command } from "commander";
import { systemClock } from "../../../core/runtime/clock.ts";
import { createCommand, exitWith, withExamples } from "../../../core/runtime/command-line.ts";
import { NotFoundError, UsageError } from "../../../core/runtime/errors.ts";
import { EXIT } from "../../../core/runtime/program.ts";
import { readHostConfig } from "../../host/config.ts";
import { DEFAULT_STORE, withStore } from "../../store/open.ts";
import type { Store } from "../../store/types.ts";
import { chooseRules } from "../choose-rules.ts";
import { Registry } from "../client.ts";
import { isDigest, parseImageReference } from "../names.ts";
import { RegistryError } from "../registry-error.ts";
import { DEFAULT_FILE, findRegistry } from "../replication/rules.ts";
import { readInUse } from "./in-use.ts";
import { readInventory } from "./inventory.ts";
import { writeRetention } from "./journal.ts";
import { planRemoval } from "./plan-removal.ts";
import { type RemovalReport, removeImages } from "./remove.ts";
import { renderRemoval, renderRetention } from "./render.ts";
import { type RetentionReport, retain } from "./retain.ts";
import { type RetentionRule, readRetention } from "./rules.ts";

interface CommonOptions {
  readonly store?: string;
  readonly config?: string;
  readonly dryRun?: true;
  readonly json?: true;
}

/** What takes images away. */
export function registryRemovalCommands(signal: AbortSignal): readonly Command[] {
  return [registryRetain(signal), registryRm()];
}

interface RetainOptions extends CommonOptions {
  readonly all?: true;
}

function registryRetain(signal: AbortSignal): Command {
  const command = removalCommand(
    "retain",
    "remove tags that are past what the rules keep, with what only they need",
  )
    .argument("[rule...]", "rules under retention: in the configuration file")
    .option("--all", "all of them")
    .action((names: readonly string[], options: RetainOptions) =>
      withStore(options.store, async (store) => {
        const rules = chooseRules(await readRetention(options.config), names, options.all === true);
        const reports = await applyRules(rules, store, options, signal);
        if (options.json) process.stdout.write(`${JSON.stringify(reports)}\n`);
        if (signal.aborted) exitWith(EXIT.interrupted);
        const failed = reports.flatMap(({ outcomes }) => outcomes).some(({ action }) => action === "failed");
        exitWith(failed ? EXIT.failed : EXIT.done);
      }),
    );
  return withExamples(command, [
    ["plimsoll registry retain builds --dry-run", "what would go"],
    ["plimsoll registry retain --all", "then plimsoll registry gc frees the space"],
  ]);
}

async function applyRules(
  rules: readonly RetentionRule[],
  store: Store,
  { json, dryRun }: RetainOptions,
  signal: AbortSignal,
): Promise<readonly RetentionReport[]> {
  const inUse = await readInUse(store, await engineSocket());
  const reports: RetentionReport[] = [];
  for (const rule of rules) {
    if (signal.aborted) break;
    const report = await retain(rule, inUse, systemClock, dryRun === true);
    if (!dryRun) await writeRetention(store, report, systemClock.nowMs());
    if (!json) process.stdout.write(renderRetention(report, dryRun === true));
    reports.push(report);
  }
  return reports;
}

async function engineSocket(): Promise<string> {
  return (await readHostConfig(undefined)).docker;
}

interface RmOptions extends CommonOptions {
  readonly allTags?: true;
}

function registryRm(): Command {
  const command = removalCommand("rm", "remove an image, by tag or by digest, with what only it needs")
    .argument("<image>", "HOST/REPOSITORY:TAG or HOST/REPOSITORY@DIGEST; HOST/REPOSITORY with --all-tags")
    .option("--all-tags", "all of the repository")
    .action((image: string, options: RmOptions) =>
      withStore(options.store, async (store) => {
        const report = await removeOne(image, store, options);
        const text = options.json
          ? `${JSON.stringify(report)}\n`
          : renderRemoval("rm", report, options.dryRun === true);
        process.stdout.write(text);
        exitWith(report.outcomes.every(({ action }) => action === "removed") ? EXIT.done : EXIT.failed);
      }),
    );
  return withExamples(command, [
    [
      "plimsoll registry rm registry.example/team/app:v1",
      "the tag, and the image unless another tag needs it",
    ],
    ["plimsoll registry rm registry.example/team/app@sha256:… --dry-run", "which tags would go with it"],
  ]);
}

async function removeOne(image: string, store: Store, options: RmOptions): Promise<RemovalReport> {
  const { registry: url, repository, reference } = parseImageReference(image);
  const isAll = options.allTags === true;
  if (image.endsWith(`/${repository}`) !== isAll)
    throw new UsageError("name a tag or a digest, or a repository alone with --all-tags");
  const inUse = await readInUse(store, await engineSocket());
  const registry = new Registry(await findRegistry(options.config, url));
  try {
    const roots = isDigest(reference) ? [reference] : [];
    const more = [...roots, ...inUse.digests]; // no tag may lead to what a container runs any more
    const inventory = await readInventory(registry, repository, systemClock.nowMs(), more);
    const isMeant = ([tag, digest]: [string, string]): boolean =>
      isAll || tag === reference || digest === reference;
    const wanted = [...inventory.tags].filter(isMeant).map(([tag]) => tag);
    if (wanted.length === 0 && !roots.some((root) => inventory.manifests.has(root)))
      throw new NotFoundError(`image ${image}: there is none`);
    const plan = planRemoval(inventory, new Set(wanted), inUse, roots);
    if (!roots.every((root) => plan.manifests.includes(root)))
      throw new RegistryError(`image ${image}: a container runs it, or an index that stays needs it`);
    return await removeImages(registry, inventory, plan, options.dryRun === true);
  } finally {
    await registry.close();
  }
}

function removalCommand(name: string, description: string): Command {
  return createCommand(name, description)
    .option("--dry-run", "say what would go, and remove nothing")
    .option("--config <file>", `registries and rules; PLIMSOLL_REGISTRY_CONFIG, else ${DEFAULT_FILE}`)
    .option("--store <url>", `whose machines run what; PLIMSOLL_STORE, else ${DEFAULT_STORE}`)
    .option("--json", "print JSON");
}
