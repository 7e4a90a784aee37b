/** The header of a package, as rpm keeps it in its database. */
export function makeRpmHeader(fields: Readonly<Record<number, string | number>>): Buffer {
  const entries: Buffer[] = [];
  const data: Buffer[] = [];
  let offset = 0;
  for (const [tag, value] of Object.entries(fields)) {
    const bytes = typeof value === "number" ? Buffer.alloc(4) : Buffer.from(`${value}\0`);
    if (typeof value === "number") bytes.writeUInt32BE(value);
    const entry = Buffer.alloc(16);
    for (const [at, number] of [Number(tag), typeof value === "number" ? 4 : 6, offset, 1].entries())
      entry.writeUInt32BE(number, at * 4);
    entries.push(entry);
    data.push(bytes);
    offset += bytes.length;
  }
  const head = Buffer.alloc(8);
  head.writeUInt32BE(entries.length);
  head.writeUInt32BE(offset, 4);
  return Buffer.concat([head, ...entries, ...data]);
}

/** Packages.db with these blobs. */
export function makeNdb(blobs: readonly Buffer[]): Buffer {
  const slots = Buffer.alloc(4096);
  for (let at = 32; at < 4096; at += 16) slots.write("Slot", at);
  slots.write("RpmP");
  slots.writeUInt32LE(1, 12);
  const parts: Buffer[] = [slots];
  let block = 256;
  for (const [at, blob] of blobs.entries()) {
    const head = Buffer.alloc(16);
    head.write("BlbS");
    for (const [place, number] of [at + 1, 0, blob.length].entries())
      head.writeUInt32LE(number, 4 + place * 4);
    const tail = Buffer.alloc(12 + ((16 - ((blob.length + 28) % 16)) % 16));
    const blocks = (16 + blob.length + tail.length) / 16;
    for (const [place, number] of [at + 1, block, blocks].entries())
      slots.writeUInt32LE(number, 32 + at * 16 + 4 + place * 4);
    parts.push(head, blob, tail);
    block += blocks;
  }
  return Buffer.concat(parts);
}
