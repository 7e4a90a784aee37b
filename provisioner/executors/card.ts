import { beginProbing } from "./address.ts";
import { cardOf, requireCard } from "./card-of.ts";
import type { Executor } from "./types.ts";

export const plugCard: Executor<"plugCard"> = async ({ machine, network, attach }, host) => {
  const card = await requireCard(host, machine, network, attach);
  await host.attachments.plug([card]);
  await beginProbing(host, machine, network, card);
};

/** Whatever is known of it: without a lease or a holder there is still a port of that name to remove. */
export const unplugCard: Executor<"unplugCard"> = async ({ machine, network, attach }, host) => {
  host.probes.drop(machine.id);
  await host.attachments.unplug([await cardOf(host, machine, network, attach)]);
};
