import type { Clock } from "../../../core/runtime/clock.ts";
import { errorLine } from "../../../core/runtime/errors.ts";
import type { Logger } from "../../../core/runtime/log.ts";
import type { Host } from "../../host/host.ts";
import { Fields } from "../../store/documents.ts";
import type { Store } from "../../store/types.ts";
import { enginePlatform } from "../image.ts";
import { findWarmRules, type WarmRule } from "./rules.ts";
import { runRule } from "./run-rule.ts";

const LOOK_MS = 60_000;
const TURNS = "image-warm/turns/";

/** A daemon's part: looks at the rules that have `every:`, one host of the fleet each time, until `signal`. */
export async function keepWarm(
  { store, clock, config }: Pick<Host, "store" | "clock" | "config">,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  const parts = { store, clock, here: config.name, socketPath: config.docker, signal };
  let problem = "";
  while (!signal.aborted) {
    try {
      for (const rule of await findWarmRules()) {
        if (signal.aborted || !(await takeTurn(store, clock, rule))) continue;
        const { hosts, refused } = await runRule(rule, {
          ...parts,
          ...{ platform: enginePlatform(), onReport: () => {} },
        });
        const states = hosts.map(({ host, state }) => `${host} ${state}`);
        log.info(
          { rule: rule.name, hosts: states, refused: refused.length },
          "a rule's images were looked at",
        );
      }
      problem = "";
    } catch (error) {
      const found = errorLine(error);
      if (found !== problem && !signal.aborted)
        log.warn({ problem: found }, "rules of images are not followed");
      problem = found;
    }
    await clock.sleep(LOOK_MS, signal);
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
