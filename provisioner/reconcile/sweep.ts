import { readPool } from "../addresses/audit.ts";
import { isHeld } from "../addresses/choose.ts";
import { namespaceOfPid } from "../drivers/links.ts";
import type { EventLog } from "../events/event-log.ts";
import { INSIDE } from "../executors/names.ts";
import type { Host } from "../host/host.ts";
import { listNetworks } from "../networks/networks.ts";
import { type Orphan, type Orphans, renderOrphan } from "./orphans.ts";

/**
 * Tells of orphans, and removes those that were seen all along: but only where the store knows that their
 * machine was destroyed, by the address it had last. One it has never heard of is perhaps another
 * store's, or this store has been lost: that is for its operator to look at.
 */
export async function sweepOrphans(
  host: Host,
  orphans: Orphans,
  seen: readonly Orphan[],
  events: EventLog,
): Promise<void> {
  const { fresh, due } = orphans.see(seen, host.clock.monotonicMs());
  for (const orphan of fresh) await tell(events, orphan, "found");
  if (due.length === 0) return;
  const destroyed = await listDestroyed(host);
  for (const orphan of due.filter(({ owner }) => destroyed.has(owner))) {
    await remove(host, orphan);
    await tell(events, orphan, "removed");
  }
}

async function tell(events: EventLog, orphan: Orphan, state: string): Promise<void> {
  await events.add({ kind: "orphan", state, id: orphan.owner, text: renderOrphan(orphan) });
}

/** Ids of machines that held an address once, and hold none. */
async function listDestroyed({ store }: Host): Promise<ReadonlySet<string>> {
  const destroyed = new Set<string>();
  for (const { name } of await listNetworks(store)) {
    for (const row of (await readPool(store, name)).rows) if (!isHeld(row)) destroyed.add(row.owner);
  }
  return destroyed;
}

async function remove({ docker, ovs, attachments }: Host, { kind, what }: Orphan): Promise<void> {
  if (kind === "container") await docker.removeContainer(what);
  const port = kind === "port" ? ovs.portState(what) : undefined;
  if (port === undefined) return;
  const spec = { ...port, vlan: port.vlan ?? 0, mac: port.mac ?? "" };
  await attachments.unplug([
    { port: spec, namespace: namespaceOfPid(0), inside: INSIDE.card, addresses: [] },
  ]);
}
