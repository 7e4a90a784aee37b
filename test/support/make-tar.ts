const BLOCK = 512;

/** An entry as a test writes it, whatever an honest archiver would think of it. */
export interface MadeEntry {
  readonly name: string;
  readonly content?: string | Buffer;
  readonly mode?: number;
  /** tar's type: "0" file, "1" hard link, "2" symbolic link, "5" folder. */
  readonly type?: string;
  readonly linkTarget?: string;
}

/** A ustar archive. */
export function makeTar(entries: readonly MadeEntry[]): Buffer {
  return Buffer.concat([...entries.map(encodeEntry), Buffer.alloc(2 * BLOCK)]);
}

function encodeEntry({ name, content = "", mode = 0o644, type = "0", linkTarget = "" }: MadeEntry): Buffer {
  const bytes = Buffer.from(content);
  const header = Buffer.alloc(BLOCK);
  header.write(name, 0, 100);
  header.write(`${mode.toString(8).padStart(7, "0")}\0`, 100);
  header.write(`${bytes.length.toString(8).padStart(11, "0")}\0`, 124);
  header.write("        ", 148);
  header.write(type, 156);
  header.write(linkTarget, 157, 100);
  header.write("ustar\0", 257);
  header.write("00", 263);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return Buffer.concat([header, bytes, Buffer.alloc((BLOCK - (bytes.length % BLOCK)) % BLOCK)]);
}

/** A stream in pieces of `length` bytes. */
export async function* inPieces(bytes: Uint8Array, length = 100): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}
