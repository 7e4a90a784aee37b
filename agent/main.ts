import { EXIT, runProgram } from "../core/runtime/program.ts";
import { packageVersion } from "../core/runtime/version.ts";
import { parseCommandLine } from "./command-line.ts";
import { commands } from "./commands.ts";

/** On a busy machine an answer may be a while in coming. */
const GRACE_MS = 1000;

/**
 * A thread that hangs in a kernel file holds the event loop, and exit() waits for it: only a signal
 * that kills the process takes it along. Asked a turn later: the last close() has just called back.
 */
function leaveHungThreads(): void {
  const isHung = (): boolean => process.getActiveResourcesInfo().includes("FSReqCallback");
  setImmediate(() => {
    if (!isHung()) return;
    setTimeout(() => {
      if (!isHung()) return;
      process.removeAllListeners("SIGTERM");
      process.kill(process.pid, "SIGTERM");
    }, GRACE_MS).unref();
  });
}

// Without await at the top: the bundle is CommonJS, which has none.
void runProgram(
  async (stop) => {
    const parsed = parseCommandLine(commands, process.argv.slice(2), packageVersion());
    if (parsed.kind === "run") return parsed.command.run(parsed.values, stop);
    process.stdout.write(parsed.text);
    return EXIT.done;
  },
  ["SIGINT", "SIGTERM"],
).then(leaveHungThreads);
