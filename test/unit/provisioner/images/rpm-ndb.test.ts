import { expect, test } from "vitest";
import { readNdb } from "../../../../provisioner/images/rpm-ndb.ts";
import { makeNdb } from "../../../support/rpm.ts";

const BLOBS = ["first", "a second one, which is longer", ""].map((text) => Buffer.from(text));
const changed = (change: (bytes: Buffer) => void): Buffer => {
  const bytes = makeNdb(BLOBS);
  change(bytes);
  return bytes;
};

test("each blob that a slot leads to", () => {
  expect([...readNdb("it", makeNdb(BLOBS))].map(String)).toEqual(BLOBS.map(String));
  expect([...readNdb("it", makeNdb([]))]).toEqual([]);
});

test.each([
  ["no beginning", Buffer.from("x")],
  ["no beginning", changed((bytes) => bytes.write("?"))],
  ["ends in its slots", changed((bytes) => bytes.writeUInt32LE(9, 12))],
  ["no slot at 48", changed((bytes) => bytes.write("?", 48))],
  ["no package at", changed((bytes) => bytes.writeUInt32LE(999_999, 40))],
  ["no package at 4096", changed((bytes) => bytes.writeUInt32LE(77, 4096 + 4))],
] as const)("%s", (message, bytes) => {
  expect(() => [...readNdb("it", bytes)]).toThrow(message);
});

test("packages that lie over each other are none", () => {
  const bytes = makeNdb(Array.from({ length: 3 }, () => Buffer.alloc(3000)));
  for (const at of [0, 1, 2]) bytes.writeUInt32LE(0xffff_ffff, 4096 + at * 3040 + 12);
  expect(() => [...readNdb("it", bytes)]).toThrow("lie over each other");
});
