import type { HostRoot } from "../host-root.ts";
import { parseLines } from "../lines.ts";
import { readKernelText } from "../text.ts";

/*
 * x86, arm64:                     arm, ppc64 end with lines      s390x:
 *   processor	: 0                of the whole machine:            vendor_id       : IBM/S390
 *   model name	: …                  processor	: 0                  # processors    : 2
 *                                   …                              processor 0: version = FF, …
 *   processor	: 1                                                 processor 1: version = FF, …
 *   …                               Hardware	: BCM2835
 *                                                                  cpu number      : 0
 *
 * Each architecture prints its own: arch/ARCH/kernel/{cpu/proc.c,cpuinfo.c,setup.c,processor.c}.
 */

export interface CpuinfoBlock {
  readonly processor: number;
  /** The block's lines as they are, with the empty line that ends it. */
  readonly text: string;
}

/** `header + blocks' text + trailer` is the file. */
export interface Cpuinfo {
  readonly header: string;
  readonly blocks: readonly CpuinfoBlock[];
  readonly trailer: string;
}

/** `processor	: 0`, or on s390x `processor 0: version = …`. Old arm's `Processor` names the model: it opens no block. */
const BLOCK_START = /^processor(?:\s*:\s*(\d+)$|\s+(\d+):)/;

export function parseCpuinfo(text: string, path = "cpuinfo"): Cpuinfo {
  let header = "";
  const blocks: { processor: number; text: string }[] = [];
  let trailer = "";
  let inBlock = false;
  for (const { text: line } of parseLines(text, path)) {
    const start = BLOCK_START.exec(line);
    const block = blocks.at(-1);
    if (start !== null) {
      // Whatever stood between two blocks stays with the first.
      if (block !== undefined) block.text += trailer;
      trailer = "";
      blocks.push({ processor: Number(start[1] ?? start[2]), text: `${line}\n` });
      inBlock = true;
    } else if (block === undefined) {
      header += `${line}\n`;
    } else if (inBlock) {
      block.text += `${line}\n`;
      inBlock = line !== "";
    } else {
      trailer += `${line}\n`;
    }
  }
  return { header, blocks, trailer };
}

export function readCpuinfo(root: HostRoot): Cpuinfo | undefined {
  const path = root.proc("cpuinfo");
  const text = readKernelText(path);
  return text === undefined ? undefined : parseCpuinfo(text, path);
}
