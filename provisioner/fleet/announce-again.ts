import { beginAnnouncing } from "../drivers/arp.ts";
import { requireCard } from "../executors/card-of.ts";
import type { Host } from "../host/host.ts";
import { listMachines } from "../machines/machines.ts";
import type { Store } from "../store/types.ts";
import { newAsk, putAsk } from "./asks.ts";

/**
 * Says on the wire where machines of this host are. A copy that ran elsewhere has had switches learn another way
 * to their MACs, and they keep to it until they hear from the machines themselves.
 */
export async function announceAgain(host: Host, names: readonly string[]): Promise<void> {
  const { store, config } = host;
  const ours = (await listMachines(store)).filter((each) => each.host === config.name);
  for (const { machine } of ours) {
    if (!names.includes(machine.name) || machine.power === "off") continue;
    const { namespace, inside, addresses } = await requireCard(host, machine, machine.network);
    for (const address of addresses) beginAnnouncing(namespace, inside, address);
  }
}

/** Has the hosts whose machines these are do so. Nobody waits for it: an ask that nobody takes is forgotten. */
export async function askToAnnounce(store: Store, here: string, ids: readonly string[]): Promise<void> {
  const elsewhere = (await listMachines(store)).filter(
    ({ machine, host }) => ids.includes(machine.id) && host !== here,
  );
  const asks = [...new Set(elsewhere.map(({ host }) => host))].map((host) => {
    const own = elsewhere.filter((each) => each.host === host);
    return newAsk(host, "announcement", { kind: "repair", names: own.map(({ machine }) => machine.name) });
  });
  if (asks.length > 0) await store.transact({ expect: [], put: asks.map(putAsk) });
}
