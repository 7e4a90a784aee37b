import { type Exec, exec } from "../core/runtime/exec.ts";

/**
 * /proc/cpuinfo as a process of the personality Linux32 reads it: on arm64 with the features of 32-bit mode, elsewhere it is
 * the same for all. The kernel goes by its reader, and a process's personality cannot be changed for one file: so
 * another reads it, once. Undefined where there is none, such as on a CPU without 32-bit mode.
 */
export async function readLinux32Cpuinfo(
  architecture: string = process.arch,
  run: Exec = exec,
): Promise<string | undefined> {
  if (architecture !== "arm64") return undefined;
  try {
    return (await run(["setarch", "linux32", "cat", "/proc/cpuinfo"])).stdout;
  } catch {
    return undefined;
  }
}
