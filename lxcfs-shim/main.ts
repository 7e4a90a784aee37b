import { runCommandLine } from "../core/runtime/command-line.ts";
import { buildCommandLine } from "./command-line.ts";

await runCommandLine(buildCommandLine);
