import type { Clock } from "../../../core/runtime/clock.ts";
import { holdsImage } from "../../fleet/held-images.ts";
import { listMachines } from "../../machines/machines.ts";
import { Registry } from "../../registry/client.ts";
import { SyncJournal } from "../../registry/replication/journal.ts";
import { openQuarantine } from "../../registry/replication/quarantine.ts";
import type { Store } from "../../store/types.ts";
import { EngineImages } from "../engine-images.ts";
import { carryOut } from "./carry-out.ts";
import type { WarmReport } from "./documents.ts";
import { forgetOrders } from "./forget.ts";
import { chooseHosts, type HostOutcome, runRound } from "./round.ts";
import type { WarmRule } from "./rules.ts";
import { readWanted, type Wanted } from "./wanted.ts";

export interface RunParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly here: string;
  /** This host's engine. */
  readonly socketPath: string;
  /** Whose labels count, of an image for several: `linux/amd64`. */
  readonly platform: string;
  readonly signal: AbortSignal;
  onReport(report: WarmReport): void;
}

/** What one look at a rule has come to. */
export interface RuleOutcome {
  readonly rule: string;
  readonly images: Wanted["images"];
  readonly refused: Wanted["refused"];
  readonly hosts: readonly HostOutcome[];
}

export async function runRule(rule: WarmRule, parts: RunParts): Promise<RuleOutcome> {
  const wanted = await readRule(rule, parts);
  const engine = new EngineImages(parts.socketPath);
  try {
    const { credentials } = rule.registry;
    const hosts = await runRound(rule, wanted, {
      ...parts,
      carryOutHere: (order) => carryOut(order, { ...parts, engine, credentials }),
    });
    await forgetOrders(parts.store, parts.clock.nowMs());
    return { rule: rule.name, ...wanted, hosts };
  } finally {
    await engine.close();
  }
}

/** What a rule means, and on which hosts that is missing, by what they say; nothing is pulled or written. */
export interface RulePlan extends Wanted {
  readonly rule: string;
  readonly hosts: readonly { readonly host: string; readonly missing: readonly string[] }[];
}

export async function planRule(rule: WarmRule, parts: RunParts): Promise<RulePlan> {
  const wanted = await readRule(rule, parts);
  const chosen = await chooseHosts(parts.store, parts.here, rule);
  const engine = new EngineImages(parts.socketPath);
  try {
    const hosts = chosen.map(async ({ name, images }) => {
      const isThere = async (image: string, pinned: string): Promise<boolean> =>
        parts.store.isShared
          ? holdsImage(images, image) && holdsImage(images, pinned)
          : ((await engine.digestsOf(image))?.includes(pinned) ?? false);
      const missing: string[] = [];
      for (const { image, from, digest } of wanted.images)
        if (!(await isThere(image, `${from}@${digest}`))) missing.push(image);
      return { host: name, missing };
    });
    return { rule: rule.name, ...wanted, hosts: await Promise.all(hosts) };
  } finally {
    await engine.close();
  }
}

async function readRule(rule: WarmRule, { store, clock, platform }: RunParts): Promise<Wanted> {
  const registry = new Registry(rule.registry);
  try {
    const used = (await listMachines(store)).map(({ machine }) => machine.image);
    // What has been refused is not read again; no rule of replication has a colon in its name.
    const name = `warm:${rule.name}`;
    const journal = new SyncJournal(store, clock, { name, journal: name });
    const judge =
      rule.policyFile === undefined ? undefined : await openQuarantine(rule.policyFile, registry, journal);
    return await readWanted(rule, registry, used, platform, judge);
  } finally {
    await registry.close();
  }
}
