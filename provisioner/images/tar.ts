/*
 * A tar archive as a stream (tar(5): ustar, pax extended headers, GNU long names): blocks of 512 bytes. Where readers differ it is
 * read as engines read it, by Go's archive/tar, or refused: what is looked at here has to be what they unpack.
 *
 *     0  name 100      100 mode 8      124 size 12     148 checksum 8   156 type 1
 *   157  linkname 100  257 "ustar"     345 prefix 155
 */
import { PlimsollError } from "../../core/runtime/errors.ts";
import { ByteReader } from "./byte-reader.ts";

export interface TarEntry {
  /** Without `./` or `/` in front; undefined when it leads out of the archive's root. */
  readonly path: string | undefined;
  /** As it is written. */
  readonly name: string;
  readonly kind: "file" | "folder" | "link" | "other";
  readonly mode: number;
  readonly sizeBytes: number;
  /** Where a symbolic or hard link leads. */
  readonly linkTarget: string;
  /** Where the content begins in the archive. */
  readonly offset: number;
  /** As much of it as was wanted. */
  readonly content: Buffer;
}

export const BLOCK = 512;
const MAX_EXTENSION_BYTES = 1024 * 1024;
const KINDS: Readonly<Record<string, TarEntry["kind"]>> = {
  ...{ "0": "file", "\0": "file", "7": "file", "1": "file" },
  ...{ "2": "link", "5": "folder" },
};
/** Links, devices, folders and pipes: whatever their header says, no content follows it. */
const WITHOUT_CONTENT = "123456";
/** Types of the headers that one entry may have in front of its own. */
const FITTING = /^(?:x|L?K?|KL)$/;

interface Extension {
  readonly path?: string | undefined;
  readonly linkpath?: string | undefined;
  readonly size?: string | undefined;
}

/** `wantedBytes` says how much of an entry's content is kept; the rest passes by. */
export async function* readTar(
  what: string,
  chunks: AsyncIterable<Uint8Array>,
  wantedBytes: (entry: Omit<TarEntry, "content">) => number,
): AsyncGenerator<TarEntry> {
  const reader = new ByteReader(what, chunks);
  let extension: Extension = {};
  let types = "";
  for (;;) {
    const header = await reader.take(BLOCK);
    if (header.length === 0 || header.every((byte) => byte === 0)) break;
    checkHeader(what, header);
    const type = String.fromCharCode(header[156] ?? 0);
    if ("xgLK".includes(type)) {
      // A comment of the archive ends what was said of an entry; one entry has one name.
      [extension, types] = type === "g" ? [{}, ""] : [extension, types + type];
      if (!FITTING.test(types)) throw damaged(what, "an entry of which things are said twice");
      extension = { ...extension, ...(await readExtension(what, reader, header, type)) };
      continue;
    }
    const entry = parseEntry(what, header, type, extension, reader.position);
    const kept = Math.min(wantedBytes(entry), entry.sizeBytes);
    const content = await reader.take(kept);
    await reader.skip(entry.sizeBytes - kept + paddingOf(entry.sizeBytes));
    [extension, types] = [{}, ""];
    yield { ...entry, content };
  }
  await reader.drain(); // what follows belongs to the content whose digest is checked
}

function parseEntry(
  what: string,
  header: Buffer,
  type: string,
  extension: Extension,
  offset: number,
): Omit<TarEntry, "content"> {
  const prefix = readPrefix(header);
  const short = text(header, 0, 100);
  const name = extension.path ?? (prefix === "" ? short : `${prefix}/${short}`);
  const mode = number(header, 100, 8);
  if (Number.isNaN(mode)) throw damaged(what, "an entry without a mode");
  const isOldFolder = type === "\0" && name.endsWith("/");
  return {
    path: normalize(name),
    name,
    kind: isOldFolder ? "folder" : (KINDS[type] ?? "other"),
    mode,
    sizeBytes: isOldFolder || WITHOUT_CONTENT.includes(type) ? 0 : readSize(what, header, extension),
    linkTarget: extension.linkpath ?? text(header, 157, 100),
    offset,
  };
}

/** GNU has times at its place, and others have had a prefix there all the same. */
function readPrefix(header: Buffer): string {
  const magic = header.toString("latin1", 257, 265);
  const isStar = header.toString("latin1", 508) === "tar\0";
  if (magic.startsWith("ustar\0")) return text(header, 345, isStar ? 131 : 155);
  const isTime = (at: number): boolean => header[at] === 0 || !Number.isNaN(number(header, at, 12));
  return magic !== "ustar  \0" || (isTime(345) && isTime(357)) ? "" : text(header, 345, 155);
}

/** `./usr//bin/` → `usr/bin`; undefined for what leads out of the root. */
export function normalize(name: string): string | undefined {
  const parts = name.split("/").filter((part) => part !== "" && part !== ".");
  return parts.includes("..") || name.includes("\0") ? undefined : parts.join("/");
}

async function readExtension(
  what: string,
  reader: ByteReader,
  header: Buffer,
  type: string,
): Promise<Extension> {
  const sizeBytes = readSize(what, header, {});
  if (sizeBytes > MAX_EXTENSION_BYTES) throw damaged(what, `a header of ${sizeBytes} bytes`);
  const extension = parseExtension(type, await reader.take(sizeBytes));
  await reader.skip(paddingOf(sizeBytes));
  return extension;
}

/** Records of `LENGTH KEY=VALUE\n` (pax), or a name that ends with a zero byte (GNU). */
function parseExtension(type: string, bytes: Buffer): Extension {
  if (type === "g") return {}; // comments of the archive as a whole
  if (type === "L") return { path: text(bytes, 0, bytes.length) };
  if (type === "K") return { linkpath: text(bytes, 0, bytes.length) };
  const fields: Record<string, string> = {};
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(" ", at);
    const length = Number(bytes.toString("latin1", at, space));
    if (space === -1 || !Number.isSafeInteger(length) || length <= space - at) break;
    const [, key = "", value = ""] =
      /^([^=]+)=(.*)\n$/s.exec(bytes.toString("utf8", space + 1, at + length)) ?? [];
    fields[key] = value;
    at += length;
  }
  const { linkpath, size } = fields;
  const isSparse = fields["GNU.sparse.major"] !== undefined || fields["GNU.sparse.map"] !== undefined;
  const path = (isSparse && fields["GNU.sparse.name"]) || fields.path;
  return { ...(path && { path }), ...(linkpath && { linkpath }), ...(size && { size }) };
}

/** The sum of all bytes, those of the sum itself read as spaces. */
function sumOf(header: Uint8Array, read: (byte: number) => number = (byte) => byte): number {
  let sum = 0;
  for (let at = 0; at < BLOCK; at++) sum += at >= 148 && at < 156 ? 32 : read(header[at] ?? 0);
  return sum;
}

function checkHeader(what: string, header: Buffer): void {
  if (sumOf(header) !== number(header, 148, 8)) throw damaged(what, "a header with a wrong checksum");
}

/** Whether any reader would take what begins so for an archive; some sum up bytes with signs. An empty one is an archive as well. */
export function beginsArchive(head: Uint8Array): boolean {
  const header = Buffer.from(head.subarray(0, BLOCK));
  if (header.every((byte) => byte === 0)) return true;
  const told = number(header, 148, 8);
  return (
    header.length === BLOCK && [sumOf(header), sumOf(header, (byte) => (byte << 24) >> 24)].includes(told)
  );
}

function readSize(what: string, header: Buffer, extension: Extension): number {
  const size = extension.size === undefined ? number(header, 124, 12) : Number(extension.size);
  const isWritten = extension.size === undefined || /^\d+$/.test(extension.size);
  if (!Number.isSafeInteger(size) || !isWritten) throw damaged(what, "an entry without a size");
  return size;
}

/** Octal digits, between spaces and zero bytes, or a binary number after a byte with its highest bit set. */
function number(header: Buffer, at: number, length: number): number {
  const field = header.subarray(at, at + length);
  const first = field[0] ?? 0;
  if (first >= 0xc0) return Number.NaN; // below zero
  if (first >= 0x80) {
    const value = Number(BigInt(`0x${field.toString("hex")}`) - (0x80n << BigInt(8 * length - 8)));
    return Number.isSafeInteger(value) ? value : Number.NaN;
  }
  const [digits = ""] = field
    .toString("latin1")
    .replaceAll(/^[ \0]+|[ \0]+$/g, "")
    .split("\0");
  return digits === "" ? 0 : /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number.NaN;
}

function paddingOf(sizeBytes: number): number {
  return (BLOCK - (sizeBytes % BLOCK)) % BLOCK;
}

function text(bytes: Buffer, at: number, length: number): string {
  const field = bytes.subarray(at, at + length);
  const end = field.indexOf(0);
  return field.toString("utf8", 0, end === -1 ? length : end);
}

function damaged(what: string, why: string): PlimsollError {
  return new PlimsollError("IMAGE", `${what}: not a tar archive: ${why}`);
}
