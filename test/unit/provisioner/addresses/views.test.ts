import { expect, test } from "vitest";
import type { AddressRow } from "../../../../provisioner/addresses/types.ts";
import { viewAddress, viewNetwork, viewPool } from "../../../../provisioner/addresses/views.ts";
import { parseIpv4 } from "../../../../provisioner/networks/ipv4.ts";
import type { Network } from "../../../../provisioner/networks/network.ts";
import { ownerOf, specOf } from "../../../support/networks.ts";

const network: Network = { ...specOf({ exclude: ["10.0.0.1-10.0.0.9"] }), state: "active", createdMs: 0 };
const row: AddressRow = {
  address: parseIpv4("10.0.0.20") ?? 0,
  state: "quarantine",
  owner: ownerOf(1),
  generation: 2,
  sinceMs: 0,
};

test("a network, its fields in the order of its options", () => {
  expect(JSON.stringify(viewNetwork(network))).toBe(
    '{"name":"web","vlan":100,"cidr":"10.0.0.0/24","gateway":null,"dns":[],"exclude":["10.0.0.1-10.0.0.9"],' +
      '"quarantineSeconds":600,"state":"active","created":"1970-01-01T00:00:00.000Z"}',
  );
});

test("a pool in counts, and what contradicts itself", () => {
  const view = viewPool(network, { rows: [{ ...row, state: "bound" }], holdings: [] }, 0);

  expect(view.addresses).toEqual({
    total: 245,
    free: 244,
    reserved: 0,
    bound: 1,
    quarantine: 0,
    conflict: 0,
  });
  expect(view.problems).toEqual(["10.0.0.20: bound, but its owner's document does not say so"]);
});

test("an address rests until its time, then is free", () => {
  expect(viewAddress(network, row, 1000)).toEqual({
    address: "10.0.0.20",
    mac: "02:64:0a:00:00:14",
    state: "quarantine",
    owner: ownerOf(1),
    generation: 2,
    since: "1970-01-01T00:00:00.000Z",
    until: "1970-01-01T00:10:00.000Z",
    detail: null,
  });
  expect(viewAddress(network, row, 600_000)).toMatchObject({ state: "free", until: null });
  expect(viewAddress(network, { ...row, state: "conflict", detail: "x" }, 600_000)).toMatchObject({
    state: "conflict",
    until: null,
    detail: "x",
  });
});
