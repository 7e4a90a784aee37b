/*
 * A tar archive as a stream (tar(5): ustar, pax extended headers, GNU long names): blocks of 512 bytes.
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

const BLOCK = 512;
const MAX_EXTENSION_BYTES = 1024 * 1024;
const KINDS: Readonly<Record<string, TarEntry["kind"]>> = {
  ...{ "0": "file", "\0": "file", "7": "file", "1": "file" },
  ...{ "2": "link", "5": "folder" },
};

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
  for (;;) {
    const header = await reader.take(BLOCK);
    if (header.length === 0 || header.every((byte) => byte === 0)) break;
    checkHeader(what, header);
    const type = String.fromCharCode(header[156] ?? 0);
    const sizeBytes = readSize(what, header, extension);
    const padding = (BLOCK - (sizeBytes % BLOCK)) % BLOCK;
    if ("xgLK".includes(type)) {
      if (sizeBytes > MAX_EXTENSION_BYTES) throw damaged(what, `a header of ${sizeBytes} bytes`);
      extension = { ...extension, ...parseExtension(type, await reader.take(sizeBytes)) };
      await reader.skip(padding);
      continue;
    }
    const entry = parseEntry(header, type, sizeBytes, extension, reader.position);
    const kept = Math.min(wantedBytes(entry), sizeBytes);
    const content = await reader.take(kept);
    await reader.skip(sizeBytes - kept + padding);
    extension = {};
    yield { ...entry, content };
  }
  await reader.drain(); // what follows belongs to the content whose digest is checked
}

function parseEntry(
  header: Buffer,
  type: string,
  sizeBytes: number,
  extension: Extension,
  offset: number,
): Omit<TarEntry, "content"> {
  const isUstar = header.toString("latin1", 257, 262) === "ustar";
  const prefix = isUstar ? text(header, 345, 155) : "";
  const short = text(header, 0, 100);
  const name = extension.path ?? (prefix === "" ? short : `${prefix}/${short}`);
  return {
    path: normalize(name),
    name,
    kind: KINDS[type] ?? "other",
    mode: octal(header, 100, 8),
    sizeBytes,
    linkTarget: extension.linkpath ?? text(header, 157, 100),
    offset,
  };
}

/** `./usr//bin/` → `usr/bin`; undefined for what leads out of the root. */
export function normalize(name: string): string | undefined {
  const parts = name.split("/").filter((part) => part !== "" && part !== ".");
  return parts.includes("..") || name.includes("\0") ? undefined : parts.join("/");
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
  const { path, linkpath, size } = fields;
  return { ...(path && { path }), ...(linkpath && { linkpath }), ...(size && { size }) };
}

/** The sum of all bytes, those of the sum itself read as spaces. */
function checkHeader(what: string, header: Buffer): void {
  let sum = 0;
  for (let at = 0; at < BLOCK; at++) sum += at >= 148 && at < 156 ? 32 : (header[at] ?? 0);
  if (sum !== octal(header, 148, 8)) throw damaged(what, "a header with a wrong checksum");
}

/** Octal digits, or, above 8 GiB, a binary number after a byte with its highest bit set. */
function readSize(what: string, header: Buffer, extension: Extension): number {
  const isBinary = ((header[124] ?? 0) & 0x80) !== 0;
  const size =
    extension.size !== undefined
      ? Number(extension.size)
      : isBinary
        ? Number(header.readBigUInt64BE(128))
        : octal(header, 124, 12);
  if (!Number.isSafeInteger(size) || size < 0) throw damaged(what, "an entry without a size");
  return size;
}

function octal(header: Buffer, at: number, length: number): number {
  const digits = text(header, at, length).trim();
  return digits === "" ? 0 : /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number.NaN;
}

function text(bytes: Buffer, at: number, length: number): string {
  const field = bytes.subarray(at, at + length);
  const end = field.indexOf(0);
  return field.toString("utf8", 0, end === -1 ? length : end);
}

function damaged(what: string, why: string): PlimsollError {
  return new PlimsollError("IMAGE", `${what}: not a tar archive: ${why}`);
}
