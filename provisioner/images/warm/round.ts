import { randomUUID } from "node:crypto";
import type { Clock } from "../../../core/runtime/clock.ts";
import { PlimsollError } from "../../../core/runtime/errors.ts";
import { readFleet } from "../../fleet/hosts.ts";
import { findMissingLabel, type Labels } from "../../fleet/labels.ts";
import type { FleetHost } from "../../fleet/types.ts";
import { inSlot, Slots } from "../../reconcile/slots.ts";
import type { Store } from "../../store/types.ts";
import { findReport, type WarmOrder, type WarmReport, writeOrder } from "./documents.ts";
import type { WarmRule } from "./rules.ts";
import type { Wanted } from "./wanted.ts";

export interface RoundParts {
  readonly store: Store;
  readonly clock: Clock;
  /** The host that this process is on. */
  readonly here: string;
  readonly signal: AbortSignal;
  /** Where there is no fleet. */
  carryOutHere(order: WarmOrder): Promise<WarmReport | undefined>;
  onReport(report: WarmReport): void;
}

export interface HostOutcome {
  readonly host: string;
  /** ended: its report tells · lost: its daemon does not report any more · unfinished: it goes on by itself. */
  readonly state: "ended" | "lost" | "unfinished";
  readonly report: WarmReport | undefined;
}

const LOOK_MS = 300;

/** Whose part it is to have a rule's images. */
export async function chooseHosts(
  store: Store,
  here: string,
  { name, hostLabels }: Pick<WarmRule, "name" | "hostLabels">,
): Promise<readonly Pick<FleetHost, "name" | "images">[]> {
  if (!store.isShared) return [{ name: here, images: [] }];
  const { hosts } = await readFleet(store);
  const chosen = hosts.filter((host) => isMeant(host, hostLabels));
  if (chosen.length > 0) return chosen;
  throw new PlimsollError("NO_HOST", `rule ${name}: no host of the fleet that is ready is meant`, {
    hint: "plimsoll host list; plimsoll serve on each",
  });
}

/** What drains gets no more machines, and so needs no images. */
export function isMeant({ state, labels }: FleetHost, wanted: Labels): boolean {
  return state === "ready" && findMissingLabel(labels, wanted) === undefined;
}

/** Not more hosts at once than the rule says: they all pull from one registry. */
export async function runRound(
  rule: WarmRule,
  { images }: Wanted,
  parts: RoundParts,
): Promise<readonly HostOutcome[]> {
  const { store, clock, here } = parts;
  const hosts = await chooseHosts(store, here, rule);
  const slots = new Slots(rule.parallel);
  const [round, orderedMs] = [randomUUID(), clock.nowMs()];
  return Promise.all(
    hosts.map(({ name: host }) =>
      inSlot(slots, () =>
        askHost({ host, rule: rule.name, round, registry: rule.registry.url, orderedMs, images }, parts),
      ),
    ),
  );
}

async function askHost(order: WarmOrder, parts: RoundParts): Promise<HostOutcome> {
  const { store, signal } = parts;
  const { host, rule } = order;
  if (signal.aborted) return { host, state: "unfinished", report: undefined };
  await writeOrder(store, order);
  if (store.isShared) return waitFor(order, parts);
  await parts.carryOutHere(order);
  const report = await findReport(store, host, rule);
  return { host, state: report?.endedMs === undefined ? "unfinished" : "ended", report };
}

/** Its daemon finds the order by itself. */
async function waitFor(
  { host, rule, round }: WarmOrder,
  { store, clock, signal, onReport }: RoundParts,
): Promise<HostOutcome> {
  let told = "";
  for (;;) {
    const found = await findReport(store, host, rule);
    const report = found?.round === round ? found : undefined;
    if (report !== undefined && JSON.stringify(report) !== told) {
      told = JSON.stringify(report);
      onReport(report);
    }
    if (report?.endedMs !== undefined) return { host, state: "ended", report };
    if (signal.aborted) return { host, state: "unfinished", report };
    const state = (await readFleet(store)).hosts.find(({ name }) => name === host)?.state;
    // What is fenced may never report again, and is not said to be lost.
    if (state === "lost" || state === "fenced") return { host, state: "lost", report };
    await clock.sleep(LOOK_MS, signal);
  }
}
