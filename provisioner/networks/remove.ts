import type { Clock } from "../../core/runtime/clock.ts";
import { PlimsollError } from "../../core/runtime/errors.ts";
import { freeAtMs, isFree, isHeld } from "../addresses/choose.ts";
import { addressPrefix, decodeRow } from "../addresses/documents.ts";
import type { AddressRow } from "../addresses/types.ts";
import { CONFLICT, retryConflicts } from "../store/optimistic.ts";
import { MAX_OPERATIONS } from "../store/transaction.ts";
import type { Entry, Store, Transaction } from "../store/types.ts";
import { encodeNetwork } from "./documents.ts";
import type { Network } from "./network.ts";
import { type FoundNetwork, readNetwork } from "./networks.ts";

export interface RemoveOptions {
  /** Forgets addresses that rest. Whoever makes the network again may hand them out too early. */
  readonly skipQuarantine?: boolean | undefined;
}

/**
 * Removes a network and the history of its addresses; throws while one of them is held or rests.
 * First it is marked, which stops every reservation under way; then the addresses go, as many at a
 * time as a transaction holds; the network with the last. Ended in between, it is begun again.
 */
export async function removeNetwork(
  store: Store,
  clock: Clock,
  name: string,
  options: RemoveOptions = {},
): Promise<void> {
  for (let isGone = false; !isGone; ) {
    isGone = await retryConflicts(`network ${name}`, clock, async () => {
      const found = await readNetwork(store, name);
      const { entries } = await store.list(addressPrefix(name));
      const rows = entries.map((entry) => decodeRow(store, entry));
      const refusal = findRefusal(found.network, rows, clock.nowMs(), options);
      const step = planStep(found, entries, refusal);
      const isDone = step === undefined || (await store.transact(step.transaction)) !== undefined;
      if (!isDone) return CONFLICT;
      if (refusal !== undefined) throw refusal;
      return step?.isLast ?? true;
    });
  }
}

interface Step {
  readonly transaction: Transaction;
  readonly isLast: boolean;
}

/** Undefined where there is nothing to change: refused, and not marked. */
function planStep(
  { key, network, revision }: FoundNetwork,
  entries: readonly Entry[],
  refusal: PlimsollError | undefined,
): Step | undefined {
  const isMarked = network.state === "removing";
  const expect = [{ key, revision }];
  const mark = (state: Network["state"]): Step => ({
    transaction: { expect, put: [{ key, value: encodeNetwork({ ...network, state }) }] },
    isLast: false,
  });
  if (refusal !== undefined) return isMarked ? mark("active") : undefined;
  if (!isMarked) return mark("removing");
  const batch = entries.slice(0, MAX_OPERATIONS - 1);
  const isLast = batch.length === entries.length;
  return {
    transaction: {
      expect: [...expect, ...batch.map((entry) => ({ key: entry.key, revision: entry.revision }))],
      remove: [...batch.map((entry) => entry.key), ...(isLast ? [key] : [])],
    },
    isLast,
  };
}

function findRefusal(
  network: Network,
  rows: readonly AddressRow[],
  nowMs: number,
  { skipQuarantine }: RemoveOptions,
): PlimsollError | undefined {
  const held = rows.filter(isHeld).length;
  if (held > 0)
    return new PlimsollError("NETWORK_HELD", `network ${network.name}: ${held} of its addresses are held`, {
      hint: `plimsoll net addresses ${network.name} says by whom`,
    });
  const resting = rows.filter((row) => row.state === "quarantine" && !isFree(network, row, nowMs));
  if (resting.length === 0 || skipQuarantine) return undefined;
  const until = new Date(Math.max(...resting.map((row) => freeAtMs(network, row)))).toISOString();
  return new PlimsollError(
    "NETWORK_QUARANTINE",
    `network ${network.name}: ${resting.length} of its addresses are in quarantine until ${until}`,
    { hint: "wait, or --skip-quarantine" },
  );
}
