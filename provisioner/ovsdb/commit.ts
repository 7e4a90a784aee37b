import { systemClock } from "../../core/runtime/clock.ts";
import { PlimsollError } from "../../core/runtime/errors.ts";
import type { Ovsdb, TransactOptions } from "./client.ts";
import type { Operation, OperationResult } from "./operations.ts";
import { decodeNumber } from "./values.ts";

const SWITCH_TABLE = "Open_vSwitch";
const TIMEOUT_MS = 10_000;

/** What `commitToSwitch` needs to have monitored. */
export const COMMIT_COLUMNS: readonly string[] = ["cur_cfg"];

/**
 * A transaction, and the wait until ovs-vswitchd has acted on it: the transaction raises next_cfg,
 * vswitchd copies that number to cur_cfg once all devices are as the database says. Throws
 * `OVS_NOT_APPLIED` when it does not: the change stays in the database, and is made when vswitchd
 * comes back. Acting is not succeeding: ports have an `error` and an `ofport` of their own.
 */
export async function commitToSwitch(
  db: Ovsdb,
  operations: readonly Operation[],
  options: TransactOptions = {},
): Promise<readonly OperationResult[]> {
  const timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
  const deadline = systemClock.monotonicMs() + timeoutMs;
  // The table has exactly one row.
  const results = await db.transact(
    [
      ...operations,
      { op: "mutate", table: SWITCH_TABLE, where: [], mutations: [["next_cfg", "+=", 1]] },
      { op: "select", table: SWITCH_TABLE, where: [], columns: ["next_cfg"] },
    ],
    { ...options, timeoutMs },
  );
  const wanted = decodeNumber(results.at(-1)?.rows?.[0] ?? {}, "next_cfg");
  const isApplied = (): true | undefined => (currentConfiguration(db) >= wanted ? true : undefined);
  try {
    await db.until("ovs-vswitchd", isApplied, Math.max(1, deadline - systemClock.monotonicMs()));
  } catch (cause) {
    if (!(cause instanceof PlimsollError) || cause.code !== "OVSDB_TIMEOUT") throw cause;
    throw new PlimsollError(
      "OVS_NOT_APPLIED",
      `ovs-vswitchd did not act on the change within ${timeoutMs} ms`,
      {
        hint: "is ovs-vswitchd running? it makes the change as soon as it does",
      },
    );
  }
  return results.slice(0, -2);
}

function currentConfiguration(db: Ovsdb): number {
  const [row] = db.tables.rows(SWITCH_TABLE).values();
  return row === undefined ? 0 : decodeNumber(row, "cur_cfg");
}
