import type { Clock } from "../../../core/runtime/clock.ts";
import { UsageError } from "../../../core/runtime/errors.ts";
import { readPool } from "../../addresses/audit.ts";
import { clearConflict } from "../../addresses/transitions.ts";
import { viewAddress, viewNetwork, viewPool } from "../../addresses/views.ts";
import { parseIpv4 } from "../../networks/ipv4.ts";
import { createNetwork, listNetworks, readNetwork } from "../../networks/networks.ts";
import { DEFAULT_QUARANTINE_SECONDS, parseSpec } from "../../networks/parse-spec.ts";
import { removeNetwork } from "../../networks/remove.ts";
import type { Store } from "../../store/types.ts";
import type { Route } from "../route.ts";
import { reference } from "../schema.ts";

/** Networks, and who holds which of their addresses. */
export function networkRoutes(store: Store, clock: Clock): readonly Route[] {
  return [...wholeNetworks(store, clock), ...addressesOf(store, clock)];
}

function wholeNetworks(store: Store, clock: Clock): readonly Route[] {
  return [
    {
      ...{ method: "GET", path: "/v1/networks", name: "listNetworks", summary: "All networks" },
      answer: {
        ...{ status: 200, description: "by name" },
        schema: { type: "array", items: reference("Network") },
      },
      handle: async () => (await listNetworks(store)).map(viewNetwork),
    },
    {
      ...{ method: "POST", path: "/v1/networks", name: "createNetwork", body: reference("NetworkSpec") },
      summary: "Make a network; one that is there just so is left as it is",
      answer: { status: 201, description: "the network", schema: reference("Network") },
      handle: async ({ body }) => {
        const text = body as Parameters<typeof parseSpec>[0];
        const quarantineSeconds = text.quarantineSeconds ?? DEFAULT_QUARANTINE_SECONDS;
        const spec = parseSpec({ ...text, vlan: String(text.vlan), quarantineSeconds });
        await createNetwork(store, clock, spec);
        return viewNetwork((await readNetwork(store, spec.name)).network);
      },
    },
    {
      ...{ method: "GET", path: "/v1/networks/{name}", name: "showNetwork" },
      summary: "One network, how full it is, and whether its addresses add up",
      answer: { status: 200, description: "the network", schema: reference("Pool") },
      handle: async ({ params: { name = "" } }) => {
        const { network } = await readNetwork(store, name);
        return viewPool(network, await readPool(store, name), clock.nowMs());
      },
    },
    {
      ...{ method: "DELETE", path: "/v1/networks/{name}", name: "removeNetwork" },
      summary: "Remove a network none of whose addresses is held or rests",
      answer: { status: 200, description: "as it was", schema: reference("Network") },
      handle: async ({ params: { name = "" } }) => {
        const { network } = await readNetwork(store, name);
        await removeNetwork(store, clock, name);
        return viewNetwork(network);
      },
    },
  ];
}

function addressesOf(store: Store, clock: Clock): readonly Route[] {
  return [
    {
      ...{ method: "GET", path: "/v1/networks/{name}/addresses", name: "listAddresses" },
      summary: "Every address that has ever been used: its state, its owner, since when",
      answer: {
        ...{ status: 200, description: "in their order" },
        schema: { type: "array", items: reference("Address") },
      },
      handle: async ({ params: { name = "" } }) => {
        const { network } = await readNetwork(store, name);
        const { rows } = await readPool(store, name);
        return rows.map((row) => viewAddress(network, row, clock.nowMs()));
      },
    },
    {
      ...{ method: "POST", path: "/v1/networks/{name}/addresses/{address}/clear", name: "clearConflict" },
      summary: "Take back an address that a stranger had answered to; it rests first",
      answer: { status: 200, description: "the address", schema: reference("Address") },
      handle: async ({ params: { name = "", address: text = "" } }) => {
        const address = parseIpv4(text);
        if (address === undefined) throw new UsageError(`${text}: not an IPv4 address`);
        await clearConflict(store, clock, name, address);
        const { network } = await readNetwork(store, name);
        const row = (await readPool(store, name)).rows.find((each) => each.address === address);
        return row && viewAddress(network, row, clock.nowMs());
      },
    },
  ];
}
