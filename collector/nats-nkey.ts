// Keys of NATS (docs.nats.io, "NKeys"): base32 of a kind, the bytes and their CRC-16, as in
//   SUAIBDPBAUTWCWBKIO6XHQNINK5FWJW4OHLXC3HQ2KFE4PEJUA44CNHTC4    the seed of a user
//   UAH42UG6PV552P5SWLWTBP3H3S5BHAVCO2IEKEXUANJXR75J63RQ5WM6      the user
// A file of credentials has a user's token and seed:
//   -----BEGIN NATS USER JWT-----
//   eyJ0eXAiOiJKV1QiLCJhbGciOiJlZDI1NTE5LW5rZXkifQ…
//   ------END NATS USER JWT------
//   -----BEGIN USER NKEY SEED-----
//   SUAIBDPB…
//   ------END USER NKEY SEED------
import { createPrivateKey, createPublicKey, type KeyObject, sign } from "node:crypto";
import { PlimsollError } from "../core/runtime/errors.ts";

/** What proves that we are a user: an answer to what the server has just made up. */
export interface NatsUser {
  identity(nonce: string): Readonly<Record<string, string>>;
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/** The first letters S and U, in the upper five bits of a byte. */
const [PREFIX_SEED, PREFIX_USER] = [18 << 3, 20 << 3];
const SEED_BYTES = 32;
/** What comes before the 32 bytes of an Ed25519 key in PKCS #8 (RFC 8410). */
const PKCS8_ED25519 = Buffer.from("302e020100300506032b657004220420", "hex");

/** A file of credentials, or a seed alone. Throws PlimsollError for what is neither; the message never has any of it. */
export function parseNatsUser(text: string): NatsUser {
  const seed = /\bSU[A-Z2-7]{56}\b/.exec(text)?.[0];
  if (seed === undefined) throw new PlimsollError("NATS", "no seed of a NATS user in it");
  const jwt = /BEGIN NATS USER JWT-+\s+(\S+)\s/.exec(text)?.[1];
  const key = parseSeed(seed);
  return {
    identity: (nonce) => {
      const sig = sign(null, Buffer.from(nonce), key).toString("base64url");
      return jwt === undefined ? { nkey: renderUser(key), sig } : { jwt, sig };
    },
  };
}

function parseSeed(text: string): KeyObject {
  const bytes = decodeBase32(text);
  const content = bytes.subarray(0, -2);
  // Two prefixes, of a seed and of what it is the seed of, take two bytes together.
  const isUser = ((bytes[0] ?? 0) & 0xf8) === PREFIX_SEED && content.length === 2 + SEED_BYTES;
  if (!isUser || crc16(content) !== bytes.readUInt16LE(content.length))
    throw new PlimsollError("NATS", "the seed of the NATS user is damaged");
  return createPrivateKey({
    key: Buffer.concat([PKCS8_ED25519, content.subarray(2)]),
    format: "der",
    type: "pkcs8",
  });
}

function renderUser(key: KeyObject): string {
  const spki = createPublicKey(key).export({ format: "der", type: "spki" });
  const content = Buffer.concat([Buffer.of(PREFIX_USER), spki.subarray(-SEED_BYTES)]);
  const check = Buffer.alloc(2);
  check.writeUInt16LE(crc16(content));
  return encodeBase32(Buffer.concat([content, check]));
}

function decodeBase32(text: string): Buffer {
  const bytes: number[] = [];
  let [bits, value] = [0, 0];
  for (const letter of text) {
    value = ((value << 5) | ALPHABET.indexOf(letter)) & 0xfff;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push((value >> bits) & 0xff);
  }
  return Buffer.from(bytes);
}

function encodeBase32(bytes: Buffer): string {
  let [text, bits, value] = ["", 0, 0];
  for (const byte of bytes) {
    value = ((value << 8) | byte) & 0xfff;
    bits += 8;
    for (; bits >= 5; bits -= 5) text += ALPHABET[(value >> (bits - 5)) & 31];
  }
  return bits > 0 ? text + ALPHABET[(value << (5 - bits)) & 31] : text;
}

/** CRC-16 with the polynomial 0x1021, from 0. */
function crc16(bytes: Buffer): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++)
      crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : (crc << 1) & 0xffff;
  }
  return crc;
}
