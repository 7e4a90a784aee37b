import { errorLine } from "../../../core/runtime/errors.ts";
import type { Logger } from "../../../core/runtime/log.ts";
import type { Host } from "../../host/host.ts";
import { findRegistry } from "../../registry/replication/rules.ts";
import { EngineImages } from "../engine-images.ts";
import { carryOut } from "./carry-out.ts";
import { findReport, listOrders, ordersPrefix, type WarmOrder } from "./documents.ts";

const AGAIN_MS = 1000;

/** A daemon's part: has its host have what is ordered of it, one order after the other, until `signal`. */
export async function followOrders(
  { store, clock, config }: Pick<Host, "store" | "clock" | "config">,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  if (!store.isShared) return;
  const engine = new EngineImages(config.docker);
  const attend = async (): Promise<number> => {
    const { orders, revision } = await listOrders(store, config.name);
    for (const order of orders) {
      if (await isDone(order)) continue;
      const { credentials } = await findRegistry(undefined, order.registry);
      const report = await carryOut(order, { store, clock, engine, credentials, signal });
      const { rule, pulled, failed } = report ?? { rule: order.rule, pulled: 0, failed: [] };
      if (pulled > 0 || failed.length > 0) log.info({ rule, pulled, failed }, "images of a rule were pulled");
    }
    return revision;
  };
  const isDone = async ({ host, rule, round }: WarmOrder): Promise<boolean> => {
    const report = await findReport(store, host, rule);
    return signal.aborted || (report?.round === round && report.endedMs !== undefined);
  };
  let isWell = true;
  try {
    while (!signal.aborted) {
      try {
        const since = await attend();
        for await (const _ of store.changes(ordersPrefix(config.name), since, signal)) await attend();
        isWell = true;
      } catch (error) {
        if (isWell && !signal.aborted) log.warn({ problem: errorLine(error) }, "images cannot be made ready");
        isWell = false;
      }
      await clock.sleep(AGAIN_MS, signal);
    }
  } finally {
    await engine.close();
  }
}
