import { BlockList } from "node:net";
import { expect, test } from "vitest";
import { addAddress } from "../../../../collector/trust/address-list.ts";

test("an address or a network of either family, and nothing else", () => {
  const list = new BlockList();
  expect(["10.0.0.7", "10.1.0.0/16", "fd00::/8", "0.0.0.0/0"].map((text) => addAddress(list, text))).toEqual(
    Array(4).fill(true),
  );
  for (const text of [
    "",
    "x",
    "10.0.0.7/",
    "10.0.0.7/33",
    "10.0.0.7/-1",
    "10.0.0.7/8/8",
    "10.0.0.7/1.5",
    "fd00::/129",
  ])
    expect(addAddress(list, text), text).toBe(false);
  expect(list.check("fd12::1", "ipv6")).toBe(true);
});
