/** Bytes written as in a protocol document: hex pairs, anything after `#` is a note. */
export function bytes(text: string): Buffer {
  return Buffer.from(text.replaceAll(/#.*$/gm, "").replaceAll(/\s+/g, ""), "hex");
}

export interface RequestParts {
  readonly opcode: number;
  readonly unique?: bigint;
  readonly node?: number;
  readonly pid?: number;
  readonly body?: Buffer;
}

/** A request with struct fuse_in_header before `body`. */
export function requestMessage({ opcode, unique = 1n, node = 1, pid = 0, body }: RequestParts): Buffer {
  const message = Buffer.concat([Buffer.alloc(40), body ?? Buffer.alloc(0)]);
  message.writeUInt32LE(message.length, 0);
  message.writeUInt32LE(opcode, 4);
  message.writeBigUInt64LE(unique, 8);
  message.writeBigUInt64LE(BigInt(node), 16);
  message.writeUInt32LE(pid, 32);
  return message;
}

export function u32(...values: readonly number[]): Buffer {
  const buffer = Buffer.alloc(4 * values.length);
  for (const [index, value] of values.entries()) buffer.writeUInt32LE(value, 4 * index);
  return buffer;
}

export function u64(...values: readonly (number | bigint)[]): Buffer {
  const buffer = Buffer.alloc(8 * values.length);
  for (const [index, value] of values.entries()) buffer.writeBigUInt64LE(BigInt(value), 8 * index);
  return buffer;
}

/** struct fuse_init_in as Linux 6.18 sends it. */
export function initBody(major: number, minor: number, flags = 0xffff_ffff, flags2 = 0xffff_ffff): Buffer {
  return Buffer.concat([u32(major, minor, 0x20000, flags, flags2), Buffer.alloc(44)]);
}
