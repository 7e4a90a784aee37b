import { Cleanup } from "../support/cleanup.ts";
import { fetchKernel } from "./debian-kernel.ts";
import { runGuest } from "./guest.ts";

const TIMEOUT_MS = 24 * 3_600_000;

/** The terminal becomes a root shell in a guest, until that shell ends. */
export async function openShell(cgroupVersion: 1 | 2): Promise<void> {
  const cleanup = new Cleanup();
  const folder = cleanup.temporaryFolder();
  try {
    // The console is no terminal that a shell can control; the line behind it is.
    const job = "setsid --ctty bash -l < /dev/ttyS0 > /dev/ttyS0 2>&1";
    const kernel = await fetchKernel();
    await runGuest({ kernel, cgroupVersion, job, folder, timeoutMs: TIMEOUT_MS, interactive: true });
  } finally {
    await cleanup.run();
  }
}
