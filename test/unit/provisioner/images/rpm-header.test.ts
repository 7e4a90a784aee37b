import { expect, test } from "vitest";
import { parseRpmHeader } from "../../../../provisioner/images/rpm-header.ts";
import { makeRpmHeader } from "../../../support/rpm.ts";

const BASH = { 1000: "bash", 1001: "5.2.26", 1002: "1.fc40", 1004: "shell", 1014: "GPL-3.0", 1022: "x86_64" };

test("a package by its header", () => {
  const about = { manager: "rpm", name: "bash", architecture: "x86_64", license: "GPL-3.0" };
  expect(parseRpmHeader("it", makeRpmHeader(BASH))).toEqual({ ...about, version: "5.2.26-1.fc40" });
  expect(parseRpmHeader("it", makeRpmHeader({ ...BASH, 1003: 7 }))).toEqual({
    ...about,
    version: "7:5.2.26-1.fc40",
  });
  const key = parseRpmHeader("it", makeRpmHeader({ 1000: "gpg-pubkey", 1001: "a", 1002: "b" }));
  expect(key).toEqual({ manager: "rpm", name: "gpg-pubkey", version: "a-b" });
});

test("what is cut off, or has no name, is told, wherever", () => {
  const whole = makeRpmHeader({ ...BASH, 1003: 7 });
  for (let length = 0; length < whole.length; length++)
    expect(() => parseRpmHeader("it", whole.subarray(0, length))).toThrow("it: not the header of an rpm");
  expect(() => parseRpmHeader("it", makeRpmHeader({ 1000: "bash" }))).toThrow("not the header");
});
