/**
 * The archive that a kernel unpacks as its first file system: per entry a header of hexadecimal
 * fields, the name, the data, each padded to 4 bytes.
 * Documentation/driver-api/early-userspace/buffer-format.rst.
 */

const S_IFCHR = 0o020000;
const S_IFDIR = 0o040000;
const S_IFREG = 0o100000;

export interface ArchiveEntry {
  readonly name: string;
  readonly mode: number;
  readonly data?: Buffer;
  /** Major and minor number of a device node. */
  readonly device?: readonly [number, number];
}

export const directory = (name: string): ArchiveEntry => ({ name, mode: S_IFDIR | 0o755 });

export const program = (name: string, data: Buffer): ArchiveEntry => ({ name, mode: S_IFREG | 0o755, data });

export const characterDevice = (name: string, device: readonly [number, number]): ArchiveEntry => ({
  name,
  mode: S_IFCHR | 0o600,
  device,
});

/** A folder comes before what is in it. */
export function encodeCpio(entries: readonly ArchiveEntry[]): Buffer {
  return Buffer.concat([...entries, { name: "TRAILER!!!", mode: 0 }].flatMap(encodeEntry));
}

function encodeEntry(entry: ArchiveEntry, index: number): readonly Buffer[] {
  const { name, mode, data = Buffer.alloc(0), device: [major, minor] = [0, 0] } = entry;
  const owner = [0, 0];
  const ownDevice = [0, 0];
  const fields = [
    ...[index + 1, mode, ...owner, 1, 0, data.length],
    ...[...ownDevice, major, minor, name.length + 1, 0],
  ];
  const header = `070701${fields.map((field) => field.toString(16).padStart(8, "0")).join("")}${name}\0`;
  return [padded(Buffer.from(header)), padded(data)];
}

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)]);
}
