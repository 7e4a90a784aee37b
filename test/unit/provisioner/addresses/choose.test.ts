import fc from "fast-check";
import { expect, test } from "vitest";
import { chooseAddresses, isFree, isHeld } from "../../../../provisioner/addresses/choose.ts";
import type { AddressRow, Claim } from "../../../../provisioner/addresses/types.ts";
import { parseIpv4 } from "../../../../provisioner/networks/ipv4.ts";
import { type Network, usableRanges } from "../../../../provisioner/networks/network.ts";
import { addressAt, contains, sizeOf } from "../../../../provisioner/networks/ranges.ts";
import { ownerOf, specOf } from "../../../support/networks.ts";

const NOW_MS = 10_000_000;
/** 14 usable addresses but for the gateway and two exclusions: 11. */
const network: Network = {
  ...specOf({ cidr: "10.0.0.0/28", gateway: "10.0.0.1", exclude: ["10.0.0.4-10.0.0.5"] }),
  state: "active",
  createdMs: 0,
};
const usable = usableRanges(network);
const total = sizeOf(usable);
const at = (index: number): number => addressAt(usable, index) ?? Number.NaN;
const ip = (text: string): number => parseIpv4(text) ?? Number.NaN;

/** Rows that the rules can bring about: one per address, one address per owner. */
const rows: fc.Arbitrary<AddressRow[]> = fc
  .uniqueArray(
    fc.record({
      index: fc.integer({ min: 0, max: total - 1 }),
      state: fc.constantFrom(
        "reserved" as const,
        "bound" as const,
        "quarantine" as const,
        "conflict" as const,
      ),
      generation: fc.integer({ min: 1, max: 9 }),
      ageMs: fc.integer({ min: 0, max: 1_200_000 }),
    }),
    { selector: ({ index }) => index },
  )
  .map((drafts) =>
    drafts.map(({ index, state, generation, ageMs }) => ({
      address: at(index),
      state,
      owner: ownerOf(index),
      generation,
      sinceMs: NOW_MS - ageMs,
    })),
  );

const random: fc.Arbitrary<() => number> = fc.integer().map((seed) => {
  let state = seed >>> 0 || 1;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
});

test("new addresses are usable, free, distinct, of the next generation, and among the oldest", () => {
  fc.assert(
    fc.property(rows, random, fc.integer({ min: 1, max: 5 }), (known, draw, count) => {
      const claims = Array.from({ length: count }, (_, i) => ({ owner: ownerOf(100 + i) }));
      const rested = known
        .filter((row) => isFree(network, row, NOW_MS))
        .sort((a, b) => a.sinceMs - b.sinceMs);
      const unused = total - known.length;
      fc.pre(count <= unused + rested.length);

      const choices = chooseAddresses(network, known, claims, NOW_MS, draw);
      const youngest = rested[Math.max(Math.ceil((unused + rested.length) / 3), count, unused) - unused - 1];

      expect(new Set(choices.map(({ row }) => row.address)).size).toBe(count);
      for (const [i, { row, isNew }] of choices.entries()) {
        const before = known.find(({ address }) => address === row.address);
        expect(isNew).toBe(true);
        expect(row).toMatchObject({ state: "reserved", owner: ownerOf(100 + i), sinceMs: NOW_MS });
        expect(row.generation).toBe((before?.generation ?? 0) + 1);
        expect(usable.some((range) => contains(range, row.address))).toBe(true);
        if (before === undefined) continue;
        expect(isFree(network, before, NOW_MS)).toBe(true);
        expect(before.sinceMs).toBeLessThanOrEqual(youngest?.sinceMs ?? -1);
      }
    }),
  );
});

test("an owner that holds one gets it again, whatever else is claimed and however full it is", () => {
  fc.assert(
    fc.property(rows, random, (known, draw) => {
      const held = known.filter(isHeld);
      const claims = held.map(({ owner }) => ({ owner }));

      expect(chooseAddresses(network, known, claims, NOW_MS, draw)).toEqual(
        held.map((row) => ({ row, isNew: false })),
      );
    }),
  );
});

test("more than there are is refused, and says when the next will be free", () => {
  const resting: AddressRow[] = Array.from({ length: total - 1 }, (_, index) => ({
    address: at(index),
    state: "quarantine",
    owner: ownerOf(index),
    generation: 1,
    sinceMs: NOW_MS - 1000 * index,
  }));
  const claims = [{ owner: ownerOf(50) }, { owner: ownerOf(51) }];
  const full = () => chooseAddresses(network, resting, claims, NOW_MS, Math.random);

  expect(full).toThrow("network web: 2 addresses wanted, 1 free");
  expect(full).toThrow(
    expect.objectContaining({
      code: "NO_ADDRESS",
      hint: "10 in quarantine, the next is free at 1970-01-01T02:56:31.000Z",
    }),
  );
});

test("every free address can be handed out at once, the wanted ones to who wants them", () => {
  const claims: Claim[] = Array.from({ length: total }, (_, i) => ({
    owner: ownerOf(i),
    address: i === 3 ? ip("10.0.0.9") : undefined,
  }));
  const choices = chooseAddresses(network, [], claims, NOW_MS, Math.random);

  expect(new Set(choices.map(({ row }) => row.address)).size).toBe(total);
  expect(choices[3]?.row.address).toBe(ip("10.0.0.9"));
});

const row = (state: AddressRow["state"], owner: number, address: string, sinceMs = NOW_MS): AddressRow => ({
  address: ip(address),
  state,
  owner: ownerOf(owner),
  generation: 1,
  sinceMs,
  ...(state === "conflict" ? { detail: "52:54:00:12:34:56" } : {}),
});
const known = [
  row("bound", 1, "10.0.0.2"),
  row("quarantine", 2, "10.0.0.3"),
  row("conflict", 3, "10.0.0.6"),
  row("quarantine", 4, "10.0.0.7", NOW_MS - 600_000),
];

test.for([
  [{ address: "10.0.0.1" }, "address 10.0.0.1: kept back in network web"],
  [{ address: "10.0.0.4" }, "address 10.0.0.4: kept back in network web"],
  [{ address: "10.0.0.0" }, "address 10.0.0.0: kept back in network web"],
  [{ address: "10.0.0.16" }, "address 10.0.0.16: not inside network web"],
  [{ address: "10.0.0.2" }, `address 10.0.0.2: held by ${ownerOf(1)} in network web`],
  [{ address: "10.0.0.3" }, "address 10.0.0.3: in quarantine until 1970-01-01T02:56:40.000Z in network web"],
  [{ address: "10.0.0.6" }, "address 10.0.0.6: in conflict with 52:54:00:12:34:56 in network web"],
  [
    { owner: 1, address: "10.0.0.9" },
    `address 10.0.0.9: ${ownerOf(1)} holds 10.0.0.2 in network web until it is destroyed`,
  ],
] as const)("%j is refused", ([claim, message]) => {
  const owner = ownerOf("owner" in claim ? claim.owner : 50);

  expect(() =>
    chooseAddresses(network, known, [{ owner, address: ip(claim.address) }], NOW_MS, Math.random),
  ).toThrow(message);
});

test("an address whose rest is over may be wanted", () => {
  const [choice] = chooseAddresses(
    network,
    known,
    [{ owner: ownerOf(50), address: ip("10.0.0.7") }],
    NOW_MS,
    Math.random,
  );

  expect(choice?.row).toMatchObject({ address: ip("10.0.0.7"), generation: 2, owner: ownerOf(50) });
});

test("nobody and nothing is named twice in a request", () => {
  const choose = (claims: readonly Claim[]) => chooseAddresses(network, [], claims, NOW_MS, Math.random);

  expect(() => choose([{ owner: ownerOf(1) }, { owner: ownerOf(1) }])).toThrow(`${ownerOf(1)}: named twice`);
  expect(() =>
    choose([
      { owner: ownerOf(1), address: ip("10.0.0.9") },
      { owner: ownerOf(2), address: ip("10.0.0.9") },
    ]),
  ).toThrow("10.0.0.9: named twice");
});
