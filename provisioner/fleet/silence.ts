import { PlimsollError } from "../../core/runtime/errors.ts";
import { askForAddress } from "../drivers/arp.ts";
import { inTurns } from "../drivers/in-turns.ts";
import { requireCard } from "../executors/card-of.ts";
import { leaseOf } from "../executors/lease-of.ts";
import type { Host } from "../host/host.ts";
import type { FoundMachine } from "../machines/machines.ts";
import type { Machine } from "../resources/types.ts";

/** Each waits for up to three seconds, and does nothing meanwhile. */
const AT_ONCE = 16;

/**
 * Throws where an address of machines that are said to be off is answered for. They cannot ask themselves: their card
 * here has the MAC of the one there, and no switch carries an answer back to where it comes from. So neighbours
 * ask, machines of this host on the same network; where there is none nobody is asked.
 */
export async function requireSilence(
  host: Host,
  leaving: readonly Machine[],
  all: readonly FoundMachine[],
): Promise<void> {
  const neighbours = all.filter(
    (each) => each.host === host.config.name && each.busy === undefined && each.machine.power === "on",
  );
  await inTurns(leaving, AT_ONCE, async (machine) => {
    const neighbour = neighbours.find((each) => each.machine.network === machine.network)?.machine;
    const lease = await leaseOf(host, machine.network, machine);
    if (neighbour === undefined || lease === undefined) return;
    const { namespace, inside } = await requireCard(host, neighbour, neighbour.network);
    const { takenBy } = await askForAddress(namespace, inside, lease.address, host.config.probe);
    if (takenBy !== undefined)
      throw new PlimsollError("ALIVE", `container ${machine.name}: ${takenBy} answers for ${lease.address}`, {
        hint: "its host is not off: end it, or cut it from the network, then again",
      });
  });
}
