import { errnoOf, PlimsollError } from "../core/runtime/errors.ts";

export interface PluginLimits {
  readonly timeoutMs: number;
  readonly maxBytes: number;
}

/**
 * What a program prints, within a time and a size. It runs in a process group of its own, which is killed
 * whole: what a script has started would otherwise outlive it and hold the pipe. Nothing of it is waited for
 * longer than the time, whatever state it is in. Throws PlimsollError.
 */
export async function runPlugin(argv: readonly string[], limits: PluginLimits): Promise<string> {
  // Loaded by those who have plug-ins: no other agent can start a process at all.
  const { startProcess } = await import("../core/runtime/exec.ts");
  return new Promise((resolve, reject) => {
    const child = startProcess(argv, { stdio: ["ignore", "pipe", "pipe"], detached: true });
    const out: Buffer[] = [];
    let bytes = 0;
    let complaint = "";
    let hasEnded = false;
    const end = (error: PlimsollError | undefined): void => {
      if (hasEnded) return; // Its number may be another's by now.
      hasEnded = true;
      clearTimeout(timer);
      killGroup(child.pid);
      for (const stream of [child.stdout, child.stderr]) stream?.destroy();
      if (error === undefined) resolve(Buffer.concat(out).toString("utf8"));
      else reject(error);
    };
    const fail = (what: string): void => end(new PlimsollError("PLUGIN", `${argv[0]}: ${what}`));
    const timer = setTimeout(() => fail(`no end within ${limits.timeoutMs} ms`), limits.timeoutMs);
    child.stdout?.on("data", (chunk: Buffer) => {
      out.push(chunk);
      bytes += chunk.length;
      if (bytes > limits.maxBytes) fail(`prints more than ${limits.maxBytes} bytes`);
    });
    child.stderr?.on("data", (chunk: Buffer) => {
      complaint = (complaint + chunk.toString("utf8")).slice(-200);
    });
    child.once("error", (error) => fail(errnoOf(error) ?? error.message));
    child.once("close", (code, signal) => {
      if (code === 0) return end(undefined);
      const [last = ""] = complaint.trim().split("\n").slice(-1);
      fail(last === "" ? `ended with ${signal ?? code}` : last);
    });
  });
}

/** A group that has ended is no error. */
function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch (error) {
    if (!["ESRCH", "EPERM"].includes(errnoOf(error) ?? "")) throw error;
  }
}
