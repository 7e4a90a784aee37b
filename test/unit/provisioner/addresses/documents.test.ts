import { expect, test } from "vitest";
import {
  addressKey,
  decodeHolding,
  decodeRow,
  encodeHolding,
  encodeRow,
  ownerKey,
} from "../../../../provisioner/addresses/documents.ts";
import type { AddressRow } from "../../../../provisioner/addresses/types.ts";
import { parseIpv4 } from "../../../../provisioner/networks/ipv4.ts";
import type { Store } from "../../../../provisioner/store/types.ts";
import { ownerOf } from "../../../support/networks.ts";

const store = { name: "s" } as Store;
const address = parseIpv4("10.0.0.7") ?? 0;
const row: AddressRow = {
  address,
  state: "conflict",
  owner: ownerOf(1),
  generation: 3,
  sinceMs: 5,
  detail: "02:…",
};
const key = addressKey("web", address);

function decode(change: object): AddressRow {
  return decodeRow(store, {
    key,
    value: JSON.parse(JSON.stringify({ ...encodeRow(row), ...change })),
    revision: 1,
  });
}

test("a row is stored under its address and read back", () => {
  expect(key).toBe("pools/web/addresses/10.0.0.7");
  expect(decode({})).toEqual(row);
  expect(decode({ detail: undefined }).detail).toBeUndefined();
});

test("an owner's document says which address and generation", () => {
  const value = JSON.parse(JSON.stringify(encodeHolding(row)));
  const entry = { key: ownerKey("web", row.owner), value, revision: 1 };

  expect(decodeHolding(store, entry)).toEqual({ owner: row.owner, address, generation: 3 });
  expect(() => decodeHolding(store, { ...entry, value: { ...value, address: "10.0.0.07" } })).toThrow(
    `store s: ${entry.key}: address: "10.0.0.07" is not an IPv4 address`,
  );
});

test.for([
  [{ state: "free" }, "state"],
  [{ owner: 1 }, "owner"],
  [{ generation: 0 }, "generation"],
  [{ generation: 1.5 }, "generation"],
  [{ sinceMs: null }, "sinceMs"],
  [{ detail: 1 }, "detail"],
] as const)("%j is damage", ([change, field]) => {
  expect(() => decode(change)).toThrow(`store s: ${key}: ${field}`);
});

test("a row under something that is no address is damage", () => {
  expect(() => decodeRow(store, { key: "pools/web/addresses/x", value: {}, revision: 1 })).toThrow(
    'store s: pools/web/addresses/x: "x" is not an address',
  );
});
