import type { MemoryDetail } from "./stats.ts";
import { parseFlatKeyed } from "./values.ts";

/** Kernel's key in memory.stat → ours. */
export type MemoryKeys = Readonly<Record<string, keyof MemoryDetail>>;

/** Takes the lines of a memory.stat that `keys` names; kernels have more, and add some. */
export function parseMemoryStat(text: string, path: string, keys: MemoryKeys): MemoryDetail {
  const values = parseFlatKeyed(text, path);
  const detail: { -readonly [K in keyof MemoryDetail]: MemoryDetail[K] } = {};
  for (const [key, name] of Object.entries(keys)) {
    const value = values.get(key);
    if (value !== undefined) detail[name] = value;
  }
  return detail;
}
