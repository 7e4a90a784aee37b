/**
 * One of the many processes of address-allocation.test.ts, plain node on `dist`:
 *
 *   node address-allocator.mjs STORE NETWORK UNTIL OWNER...
 *
 * Reserves, binds and releases for its owners until the wall clock says UNTIL (ms), then sees to it
 * that each holds an address and ends. Each line is out before the next step: whoever kills it knows
 * what it had, and what it was about to give up. A store that fails is tried again, as people do.
 */
import { writeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { systemClock as clock } from "../../dist/core/runtime/clock.js";
import { reserveAddresses } from "../../dist/provisioner/addresses/reserve.js";
import { bindAddress, releaseAddress } from "../../dist/provisioner/addresses/transitions.js";
import { openStore } from "../../dist/provisioner/store/open.js";

const [url, network, until, ...owners] = process.argv.slice(2);

function tell(step, { owner, address, generation, state }) {
  writeSync(1, `${JSON.stringify({ step, owner, address, generation, state })}\n`);
}

async function persist(work) {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (error.code !== "STORE") throw error;
      writeSync(2, `${error.message}\n`);
      await sleep(100);
    }
  }
}

const store = await persist(() => openStore(url));

async function hold() {
  const claims = owners.map((owner) => ({ owner }));
  const leases = await persist(() => reserveAddresses(store, clock, network, claims));
  for (const lease of leases) tell("reserved", lease);
  return leases;
}

while (Date.now() < Number(until)) {
  for (const lease of await hold()) {
    const bound = await persist(() => bindAddress(store, clock, lease));
    tell("bound", bound);
    if (Math.random() < 0.5) continue;
    tell("releasing", bound);
    await persist(() => releaseAddress(store, clock, bound));
    tell("released", bound);
  }
}
for (const lease of await hold()) tell("bound", await persist(() => bindAddress(store, clock, lease)));
await store.close();
