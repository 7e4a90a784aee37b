import { expect, test } from "vitest";
import {
  beatKey,
  decodeBeat,
  decodeFacts,
  decodeOrder,
  encodeFacts,
  factsKey,
  orderKey,
} from "../../../../provisioner/fleet/documents.ts";
import { factsOf } from "../../../support/fleet-store.ts";

const STORE = { name: "s" };

test("what a host says of itself comes back as it was", () => {
  const facts = factsOf("h1.example", { labels: { rack: "a", disk: "ssd" } });

  expect(decodeFacts(STORE, { key: factsKey("h1.example"), value: encodeFacts(facts) })).toEqual(facts);
});

test("reports and orders", () => {
  const beat = { atMs: 7, machine: "8b3e", running: ["6f1c"], images: ["debian:12"] };
  const order = { state: "fenced", sinceMs: 7, by: "h2" } as const;

  expect(decodeBeat(STORE, { key: beatKey("h1"), value: beat })).toEqual(beat);
  expect(decodeOrder(STORE, { key: orderKey("h1"), value: order })).toEqual(order);
});

test.for<[() => unknown, string]>([
  [
    () => decodeFacts(STORE, { key: factsKey("h1"), value: { ...encodeFacts(factsOf("h1")), cpus: "many" } }),
    "cpus",
  ],
  [
    () =>
      decodeBeat(STORE, {
        key: beatKey("h1"),
        value: { atMs: 7, machine: "8b3e", running: "all", images: [] },
      }),
    "running",
  ],
  [() => decodeOrder(STORE, { key: orderKey("h1"), value: { state: "off", sinceMs: 7, by: "h2" } }), "state"],
])("what is damaged is named: %#", ([decode, field]) => {
  expect(decode).toThrow(new RegExp(`store s: hosts/h1/.*${field}`));
});
