import type { Logger } from "../../core/runtime/log.ts";
import { announce, announcementOf } from "../host/announce.ts";
import type { Host } from "../host/host.ts";
import { findLease } from "../machines/lease.ts";
import type { FoundMachine } from "../machines/machines.ts";
import { readNetwork } from "../networks/networks.ts";

/** Well within the week that a collector takes. */
const EVERY_MS = 86_400_000;

/** Tells the collector each day which machines are stopped on purpose: an announcement does not last for ever. */
export class Reminder {
  readonly #host: Pick<Host, "config" | "store" | "clock">;
  readonly #log: Logger;
  #lastMs = Number.NEGATIVE_INFINITY;

  constructor(host: Pick<Host, "config" | "store" | "clock">, log: Logger) {
    this.#host = host;
    this.#log = log;
  }

  async remind(machines: readonly FoundMachine[]): Promise<void> {
    const { config, store, clock } = this.#host;
    const stop = announcementOf("stop", "before");
    if (stop === undefined || clock.monotonicMs() - this.#lastMs < EVERY_MS) return;
    this.#lastMs = clock.monotonicMs();
    for (const { machine, host } of machines) {
      if (host !== config.name || machine.power === "on") continue;
      const { network } = await readNetwork(store, machine.network);
      const lease = await findLease(store, network, machine.id);
      if (lease !== undefined) await announce(config, lease.address, stop, this.#log);
    }
  }
}
