import { expect, test } from "vitest";
import { decodeNetwork, encodeNetwork, networkKey } from "../../../../provisioner/networks/documents.ts";
import type { Network } from "../../../../provisioner/networks/network.ts";
import type { Store } from "../../../../provisioner/store/types.ts";
import { specOf } from "../../../support/networks.ts";

const store = { name: "s" } as Store;
const network: Network = { ...specOf({ gateway: "10.0.0.1" }), state: "active", createdMs: 1 };

function decode(change: object): Network {
  const value = JSON.parse(JSON.stringify({ ...encodeNetwork(network), ...change }));
  return decodeNetwork(store, { key: networkKey("web"), value, revision: 1 });
}

test("what is stored is read back", () => {
  expect(decode({})).toEqual(network);
  expect(decode({ gateway: undefined, state: "removing" })).toEqual({
    ...network,
    gateway: undefined,
    state: "removing",
  });
});

test.for([
  [{ vlan: 5000 }, "--vlan"],
  [{ vlan: "100" }, "vlan"],
  [{ cidr: "10.0.0.1/24" }, "--cidr"],
  [{ gateway: 1 }, "gateway"],
  [{ dns: "10.0.0.1" }, "dns"],
  [{ exclude: ["x"] }, "--exclude"],
  [{ state: "gone" }, "state"],
  [{ createdMs: undefined }, "createdMs"],
] as const)("%j is damage", ([change, field]) => {
  expect(() => decode(change)).toThrow(`store s: networks/web: ${field}`);
});
