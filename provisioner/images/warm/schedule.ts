import type { Clock } from "../../../core/runtime/clock.ts";
import { errorLine } from "../../../core/runtime/errors.ts";
import type { Logger } from "../../../core/runtime/log.ts";
import type { Host } from "../../host/host.ts";
import { Fields } from "../../store/documents.ts";
import type { Store } from "../../store/types.ts";
import { enginePlatform } from "../image.ts";
import { findWarmRules, type WarmRule } from "./rules.ts";
import { runRule } from "./run-rule.ts";

/** How often rules are read: one may be new. */
const LOOK_MS = 60_000;
const TURNS = "image-warm/turns/";

/** A daemon's part: looks at the rules that have `every:`, one host of the fleet each time, until `signal`. */
export async function keepWarm(
  { store, clock, config }: Pick<Host, "store" | "clock" | "config">,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  const parts = { store, clock, here: config.name, socketPath: config.docker, signal };
  const problems = new Problems(log, signal);
  const look = async (rule: WarmRule): Promise<void> => {
    if (signal.aborted || !(await takeTurn(store, clock, rule))) return;
    const { hosts, refused } = await runRule(rule, {
      ...parts,
      ...{ platform: enginePlatform(), onReport: () => {} },
    });
    const states = hosts.map(({ host, state }) => `${host} ${state}`);
    log.info({ rule: rule.name, hosts: states, refused: refused.length }, "a rule's images were looked at");
  };
  while (!signal.aborted) {
    let rules: readonly WarmRule[] = [];
    await problems.tell("", async () => {
      rules = await findWarmRules();
    });
    // One whose registry is away costs itself.
    for (const rule of rules) await problems.tell(rule.name, () => look(rule));
    await clock.sleep(Math.min(LOOK_MS, ...rules.map(({ everyMs }) => everyMs ?? LOOK_MS)), signal);
  }
}

/** Each told once, until it is over or another. */
class Problems {
  readonly #log: Logger;
  readonly #signal: AbortSignal;
  readonly #told = new Map<string, string>();

  constructor(log: Logger, signal: AbortSignal) {
    this.#log = log;
    this.#signal = signal;
  }

  /** `rule`: empty for all of them. */
  async tell(rule: string, attempt: () => Promise<void>): Promise<void> {
    try {
      await attempt();
      this.#told.delete(rule);
    } catch (error) {
      const problem = errorLine(error);
      if (problem === this.#told.get(rule) || this.#signal.aborted) return;
      this.#told.set(rule, problem);
      this.#log.warn({ ...(rule !== "" && { rule }), problem }, "rules of images are not followed");
    }
  }
}

/** True for one of all hosts, each time that a rule is due. Who ends in the middle leaves the rest to the next turn. */
export async function takeTurn(
  store: Store,
  clock: Clock,
  { name, everyMs }: Pick<WarmRule, "name" | "everyMs">,
): Promise<boolean> {
  if (everyMs === undefined) return false;
  const key = TURNS + name;
  const entry = await store.get(key);
  const atMs = entry === undefined ? undefined : new Fields(store, entry).integer("atMs", 0);
  if (atMs !== undefined && clock.nowMs() - atMs < everyMs) return false;
  const revision = await store.transact({
    expect: [{ key, revision: entry?.revision ?? 0 }],
    put: [{ key, value: { atMs: clock.nowMs() } }],
  });
  return revision !== undefined;
}
