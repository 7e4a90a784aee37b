import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

// A program of 132 bytes for x86-64 that sleeps until it is killed: what an image without anything else can hold.
//   again: mov eax, 34 (pause); syscall; jmp again
const CODE = Buffer.from("b8220000000f05ebf7", "hex");
const BASE = 0x400000;
const HEADERS = 64 + 56;

/** Writes /pause below `root`, and nothing else (elf(5): one header, one segment). */
export function writeStaticProgram(root: string): void {
  const header = Buffer.alloc(HEADERS);
  header.write("7f454c46020101", "hex"); // 64 bits, little endian
  header.writeUInt16LE(2, 16); // ET_EXEC
  header.writeUInt16LE(62, 18); // EM_X86_64
  header.writeUInt32LE(1, 20);
  header.writeBigUInt64LE(BigInt(BASE + HEADERS), 24); // e_entry
  header.writeBigUInt64LE(64n, 32); // e_phoff
  header.writeUInt16LE(64, 52);
  header.writeUInt16LE(56, 54);
  header.writeUInt16LE(1, 56);
  header.writeUInt32LE(1, 64); // PT_LOAD
  header.writeUInt32LE(5, 68); // PF_R | PF_X
  for (const offset of [80, 88]) header.writeBigUInt64LE(BigInt(BASE), offset);
  for (const offset of [96, 104]) header.writeBigUInt64LE(BigInt(HEADERS + CODE.length), offset);
  header.writeBigUInt64LE(4096n, 112);
  mkdirSync(root, { recursive: true });
  writeFileSync(join(root, "pause"), Buffer.concat([header, CODE]), { mode: 0o755 });
}
