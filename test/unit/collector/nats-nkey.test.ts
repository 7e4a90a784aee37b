import { createPublicKey, verify } from "node:crypto";
import { expect, test } from "vitest";
import { parseNatsUser } from "../../../collector/nats-nkey.ts";

/** A pair that the server takes, too: test/e2e/collector-nats.test.ts. */
const SEED = "SUAIBDPBAUTWCWBKIO6XHQNINK5FWJW4OHLXC3HQ2KFE4PEJUA44CNHTC4";
const USER = "UAH42UG6PV552P5SWLWTBP3H3S5BHAVCO2IEKEXUANJXR75J63RQ5WM6";
const NONCE = "PXoWU7zWAMt75FY";

test("a seed alone is a user, whose signature the public key that is told verifies", () => {
  const { nkey, sig = "" } = parseNatsUser(`${SEED}\n`).identity(NONCE);
  expect(nkey).toBe(USER);
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = [...USER].map((letter) => letters.indexOf(letter).toString(2).padStart(5, "0")).join("");
  const bytes = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  const spki = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), bytes.subarray(1, 33)]);
  const key = createPublicKey({ key: spki, format: "der", type: "spki" });
  expect(verify(null, Buffer.from(NONCE), key, Buffer.from(sig, "base64url"))).toBe(true);
});

test("a file of credentials tells the token instead", () => {
  const text = `-----BEGIN NATS USER JWT-----\neyJ0.eyJq.c2ln\n------END NATS USER JWT------\n
-----BEGIN USER NKEY SEED-----\n${SEED}\n------END USER NKEY SEED------\n`;
  expect(parseNatsUser(text).identity(NONCE)).toEqual({ jwt: "eyJ0.eyJq.c2ln", sig: expect.any(String) });
});

test("what is no seed, and one with a letter that is wrong, is said without telling it", () => {
  expect(() => parseNatsUser("hello")).toThrow("no seed of a NATS user in it");
  const damaged = `${SEED.slice(0, 20)}A${SEED.slice(21)}`;
  expect(() => parseNatsUser(damaged)).toThrow("the seed of the NATS user is damaged");
  expect(() => parseNatsUser(damaged)).not.toThrow(damaged);
});
