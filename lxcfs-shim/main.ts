import { runCommandLine } from "../core/runtime/command-line.ts";
import { buildCommandLine } from "./command-line.ts";

// Without await at the top: the bundle is CommonJS, which has none.
void runCommandLine(buildCommandLine);
