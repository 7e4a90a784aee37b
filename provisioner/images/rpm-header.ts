/*
 * An rpm's header as the database keeps it (rpm's "Package format", "Header format"): big-endian
 *
 *   entries 4 · bytes 4 · entries x (tag 4, type 4, offset 4, count 4) · bytes
 */
import { PlimsollError } from "../../core/runtime/errors.ts";
import type { InstalledPackage } from "./packages.ts";

const TAGS = { name: 1000, version: 1001, release: 1002, epoch: 1003, license: 1014, architecture: 1022 };
const WANTED = new Set(Object.values(TAGS));
const INT32 = 4;
const TEXTS = [6, 9]; // a string, and one in several languages: the first is C's
const ENTRY_BYTES = 16;

export function parseRpmHeader(what: string, bytes: Buffer): InstalledPackage {
  const found = readTags(bytes);
  const field = (name: keyof typeof TAGS): string | undefined => found?.get(TAGS[name]);
  const [name, version, release, epoch] = [field("name"), field("version"), field("release"), field("epoch")];
  if (!name || !version || !release) throw new PlimsollError("IMAGE", `${what}: not the header of an rpm`);
  const [architecture, license] = [field("architecture"), field("license")];
  const full = `${epoch === undefined ? "" : `${epoch}:`}${version}-${release}`;
  const about = { ...(architecture && { architecture }), ...(license && { license }) };
  return { manager: "rpm", name, version: full, ...about };
}

/** Undefined where it is none. */
function readTags(bytes: Buffer): ReadonlyMap<number, string> | undefined {
  if (bytes.length < 8) return undefined;
  const data = 8 + bytes.readUInt32BE(0) * ENTRY_BYTES;
  const end = data + bytes.readUInt32BE(4);
  if (end > bytes.length) return undefined;
  const found = new Map<number, string>();
  for (let at = 8; at < data; at += ENTRY_BYTES) {
    const [tag, type] = [bytes.readUInt32BE(at), bytes.readUInt32BE(at + 4)];
    const place = data + bytes.readUInt32BE(at + 8);
    if (!WANTED.has(tag)) continue;
    if (type === INT32 && place + 4 <= end) found.set(tag, `${bytes.readUInt32BE(place)}`);
    if (TEXTS.includes(type)) found.set(tag, readText(bytes.subarray(place, end)));
  }
  return found;
}

function readText(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString("utf8", 0, end === -1 ? bytes.length : end);
}
