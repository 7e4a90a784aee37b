import { runCommandLine } from "../core/runtime/command-line.ts";
import { buildCommandLine } from "./command-line.ts";

// SIGHUP reads certificates again.
await runCommandLine(buildCommandLine, ["SIGINT", "SIGTERM"]);
