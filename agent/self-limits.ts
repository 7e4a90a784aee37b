import { readFileSync } from "node:fs";
import { UsageError } from "../core/runtime/errors.ts";
import type { Given } from "../core/runtime/options.ts";

/** What the agent itself may take. */
export interface SelfLimits {
  /** Of one CPU. */
  readonly cpuShare: number;
  /** Memory of its own, without what it shares with other processes. */
  readonly memoryBytes: number;
}

const DEFAULT_CPU_SHARE = 0.25;
const DEFAULT_MEMORY_BYTES = 64 * 1024 * 1024;
const MIN_MEMORY_MIB = 16;

/** CPU time that may be used at once: the start, a backlog, a certificate's checking. */
const BURST_MS = 5000;

export function parseSelfLimits(cpu: Given | undefined, memory: Given | undefined): SelfLimits {
  return {
    cpuShare: cpu === undefined ? DEFAULT_CPU_SHARE : parsePercent(cpu),
    memoryBytes: memory === undefined ? DEFAULT_MEMORY_BYTES : parseMebibytes(memory),
  };
}

function parsePercent({ option, value }: Given): number {
  const [, percent] = /^(\d+(?:\.\d+)?)%$/.exec(value) ?? [];
  const share = Number(percent) / 100;
  if (share >= 0.001 && share <= 1) return share;
  throw new UsageError(`${option}: ${JSON.stringify(value)} is not a part of a CPU`, {
    hint: "write 0.1% to 100%",
  });
}

function parseMebibytes({ option, value }: Given): number {
  const [, mebibytes] = /^(\d+)MiB$/.exec(value) ?? [];
  if (Number(mebibytes) >= MIN_MEMORY_MIB) return Number(mebibytes) * 1024 * 1024;
  throw new UsageError(`${option}: ${JSON.stringify(value)} is not enough memory`, {
    hint: `write ${MIN_MEMORY_MIB}MiB or more`,
  });
}

/** A share of CPU time, kept by waiting: what was used too much must pass before the next tick, up to a burst. */
export class CpuBudget {
  readonly #share: number;
  readonly #usedMs: () => number;
  #leftMs = BURST_MS;
  #atMs: number;
  #usedBeforeMs: number;

  constructor(share: number, nowMs: number, usedMs: () => number) {
    this.#share = share;
    this.#usedMs = usedMs;
    this.#atMs = nowMs;
    this.#usedBeforeMs = usedMs();
  }

  /** How long to wait, as of a monotonic clock's `nowMs`; 0 within the share. */
  debtMs(nowMs: number): number {
    const usedMs = this.#usedMs();
    const filledMs = Math.min(BURST_MS, this.#leftMs + (nowMs - this.#atMs) * this.#share);
    this.#leftMs = Math.max(-BURST_MS, filledMs - (usedMs - this.#usedBeforeMs));
    this.#atMs = nowMs;
    this.#usedBeforeMs = usedMs;
    return Math.max(0, -this.#leftMs / this.#share);
  }
}

export function ownCpuMs(): number {
  const { user, system } = process.cpuUsage(); // microseconds
  return (user + system) / 1000;
}

/** Pages that are this process's alone, in RAM now; undefined where the kernel does not say (before 4.5). */
export function ownMemoryBytes(
  status: string = readFileSync("/proc/self/status", "utf8"),
): number | undefined {
  const [, kibibytes] = /^RssAnon:\s+(\d+) kB$/m.exec(status) ?? [];
  return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
}
