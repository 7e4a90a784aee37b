import type { Clock } from "../core/runtime/clock.ts";
import { environmentVariable } from "../core/runtime/config.ts";
import type { Logger } from "../core/runtime/log.ts";
import { HangGuard } from "./hang-guard.ts";
import { IDENTITY_FILE, Identity } from "./identity.ts";
import { KernelFiles } from "./kernel-files.ts";
import type { AgentOptions } from "./options.ts";
import { Sampler } from "./sampler.ts";
import { sources } from "./sources/index.ts";

/** Far above what the kernel takes, far below an interval. */
const DEADLINE_MS = 1000;

/** Threads that hung kernel files may never take: name look-ups and the identity file need some. */
const SPARE_THREADS = 2;
/** libuv's own default. */
const DEFAULT_THREADS = 4;

/** Everything that is asked at a tick. */
export interface Sampling {
  readonly sampler: Sampler;
  readonly identity: Identity;
  readonly guard: HangGuard;
  readonly files: KernelFiles;
}

export function openSampling(options: AgentOptions, clock: Clock, log: Logger): Sampling {
  const guard = new HangGuard({ clock, slots: readerSlots(), deadlineMs: DEADLINE_MS });
  const files = new KernelFiles(guard, clock);
  const read = (path: string): Promise<string> => files.read(path);
  const statfs: KernelFiles["statfs"] = (path) => files.statfs(path);
  return {
    sampler: new Sampler({ sources, read, statfs, clock, log }),
    identity: new Identity({ ip: options.ip, labels: options.labels, file: IDENTITY_FILE, read, log }),
    guard,
    files,
  };
}

function readerSlots(): number {
  const threads = Number(environmentVariable("UV_THREADPOOL_SIZE") ?? DEFAULT_THREADS);
  return Math.max(1, (Number.isInteger(threads) ? threads : DEFAULT_THREADS) - SPARE_THREADS);
}
