/*
 * A tar archive as a stream (tar(5): ustar; a pax extended header where a field is too short). What
 * tar.ts reads.
 */
import { PlimsollError } from "../../core/runtime/errors.ts";

export interface WrittenEntry {
  readonly path: string;
  readonly kind: "file" | "folder" | "link";
  readonly mode: number;
  /** Of a file. */
  readonly sizeBytes?: number;
  readonly content?: Uint8Array | AsyncIterable<Uint8Array>;
  /** Of a link. */
  readonly target?: string;
}

const BLOCK = 512;
const NAME_BYTES = 100;
/** Eleven octal digits. */
const MAX_SIZE_BYTES = 8 ** 11 - 1;
const TYPES = { file: "0", link: "2", folder: "5" } as const;

/** Nobody's, and as old as can be: equal entries give equal bytes. */
export async function* writeTar(
  entries: Iterable<WrittenEntry> | AsyncIterable<WrittenEntry>,
): AsyncGenerator<Uint8Array> {
  for await (const entry of entries) {
    const { path, kind, sizeBytes = 0, content, target = "" } = entry;
    const extension = encodeExtension({ path, linkpath: target, size: String(sizeBytes) });
    if (extension.length > 0) {
      yield header("pax", "x", 0o644, extension.length, "");
      yield padded(extension);
    }
    yield header(path, TYPES[kind], entry.mode, sizeBytes, target);
    if (content !== undefined) yield* exactly(path, content, sizeBytes);
    yield Buffer.alloc(paddingOf(sizeBytes));
  }
  yield Buffer.alloc(2 * BLOCK);
}

/** What the header before it has announced, whatever has become of the file since. */
async function* exactly(
  path: string,
  content: NonNullable<WrittenEntry["content"]>,
  sizeBytes: number,
): AsyncGenerator<Uint8Array> {
  let left = sizeBytes;
  for await (const chunk of content instanceof Uint8Array ? [content] : content) {
    left -= chunk.length;
    if (left < 0) break;
    yield chunk;
  }
  if (left !== 0) throw new PlimsollError("IMAGE", `${path}: changed while it was read`);
}

/** `LENGTH KEY=VALUE\n` for each that does not fit into its field; the length counts its own digits. */
function encodeExtension(fields: Readonly<Record<"path" | "linkpath" | "size", string>>): Buffer {
  const fits = (key: string, value: string): boolean =>
    key === "size" ? Number(value) <= MAX_SIZE_BYTES : Buffer.byteLength(value) <= NAME_BYTES;
  const records = Object.entries(fields)
    .filter(([key, value]) => !fits(key, value))
    .map(([key, value]) => {
      const rest = Buffer.byteLength(` ${key}=${value}\n`);
      const length = rest + String(rest + String(rest).length).length;
      return `${length} ${key}=${value}\n`;
    });
  return Buffer.from(records.join(""));
}

function header(path: string, type: string, mode: number, sizeBytes: number, target: string): Buffer {
  const bytes = Buffer.alloc(BLOCK);
  const octal = (value: number, digits: number): string => `${value.toString(8).padStart(digits, "0")}\0`;
  bytes.write(path, 0, NAME_BYTES);
  bytes.write(octal(mode, 7) + octal(0, 7) + octal(0, 7), 100); // mode, owner, group
  bytes.write(octal(Math.min(sizeBytes, MAX_SIZE_BYTES), 11) + octal(0, 11), 124); // size, time
  bytes.write(`${" ".repeat(8)}${type}`, 148);
  bytes.write(target, 157, NAME_BYTES);
  bytes.write("ustar\u000000", 257);
  const sum = bytes.reduce((total, byte) => total + byte, 0);
  bytes.write(`${octal(sum, 6)} `, 148);
  return bytes;
}

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(paddingOf(bytes.length))]);
}

function paddingOf(sizeBytes: number): number {
  return (BLOCK - (sizeBytes % BLOCK)) % BLOCK;
}
