import { readFileSync } from "node:fs";
import type { HostRoot } from "./host-root.ts";

/** `AT_PAGESZ`, linux/auxvec.h. */
const AT_PAGESZ = 6n;
const DEFAULT_BYTES = 4096;

/**
 * The size of a page of memory, which some files count in: 4 KiB but for some arm64 and ppc64 kernels. The
 * kernel tells each program in its auxiliary vector, pairs of 64-bit words in the CPU's order of bytes.
 */
export function readPageSize(root: HostRoot): number {
  try {
    const bytes = readFileSync(root.proc("self/auxv"));
    const words = new BigUint64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
    for (let at = 0; at + 1 < words.length; at += 2)
      if (words[at] === AT_PAGESZ) return Number(words[at + 1]);
  } catch {
    // Not there, or not of 64-bit words.
  }
  return DEFAULT_BYTES;
}
