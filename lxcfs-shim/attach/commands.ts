import type { Command } from "commander";
import { createCommand, exitWith, withExamples } from "../../core/runtime/command-line.ts";
import { UsageError } from "../../core/runtime/errors.ts";
import { EXIT } from "../../core/runtime/program.ts";
import type { Treatment } from "./attach.ts";

interface Flags {
  readonly all?: boolean;
  readonly dockerOnly?: boolean;
  readonly mount?: string;
  readonly json?: boolean;
  readonly dryRun?: boolean;
  readonly watch?: boolean;
  readonly logLevel?: string;
}

const WHICH = ["[containers...]", "the pid of one of its processes, or docker:NAME"] as const;
const ALL = ["--all", "every container of this host, whichever engine made it"] as const;
const DOCKER_ONLY = ["--docker-only", "of all containers those of the local Docker engine"] as const;
const JSON_FLAG = ["--json", "as a JSON array"] as const;

/** `plimsoll-shim attach`: true files for containers that run. What it needs is loaded when it runs. */
export function attachCommand(signal: AbortSignal): Command {
  const command = createCommand("attach", "give running containers the shim's files, and mend dead ones")
    .argument(...WHICH)
    .option(...ALL)
    .option(...DOCKER_ONLY)
    .option("--watch", "every container, now and whenever one starts, until SIGTERM")
    .option("--mount <dir>", "the shim on this mount point (default: the one that runs)")
    .option("--dry-run", "say what would be done")
    .option(...JSON_FLAG)
    .option("--log-level <level>", "with --watch: error, warn, info, debug or trace (default: info)")
    .action(async (named: readonly string[], flags: Flags) => {
      if (flags.watch) return watch(named, flags, signal);
      if (flags.logLevel !== undefined) throw new UsageError("--log-level is for --watch");
      await checkSelection(named, flags);
      const { attachTo, findOneShim } = await import("./attach.ts");
      await treat(named, flags, attachTo(await findOneShim(flags.mount), flags.dryRun ? "plan" : "place"));
    });
  return withExamples(command, [
    ["plimsoll-shim attach docker:web", "true /proc and /sys for a container that was made without"],
    ["plimsoll-shim attach --all", "after the shim was started anew: mends what its predecessor left dead"],
    ["plimsoll-shim attach --watch", "every container from its start on, whichever flags it was run with"],
  ]);
}

export function detachCommand(): Command {
  const command = createCommand("detach", "take away what attach has mounted")
    .argument(...WHICH)
    .option(...ALL)
    .option(...DOCKER_ONLY)
    .option(...JSON_FLAG)
    .action(async (named: readonly string[], flags: Flags) => {
      await checkSelection(named, flags);
      const { detachFrom } = await import("./attach.ts");
      await treat(named, flags, detachFrom);
    });
  return withExamples(command, [
    ["plimsoll-shim detach 4217", "the container's files are the kernel's again"],
  ]);
}

/** Before a shim or an engine is looked for. */
async function checkSelection(named: readonly string[], flags: Flags): Promise<void> {
  const { all = false, dockerOnly = false } = flags;
  if (dockerOnly && !all) {
    throw new UsageError("--docker-only is for --all", { hint: "docker:NAME is one of Docker's" });
  }
  const { parseSelection } = await import("./attach.ts");
  parseSelection({ named, all });
}

async function treat(named: readonly string[], flags: Flags, treatment: Treatment): Promise<void> {
  const { hasFailed, openSearch, renderAttachment, treatContainers } = await import("./attach.ts");
  const { all = false, dockerOnly = false, json } = flags;
  const treated = await treatContainers({ named, all }, treatment, openSearch(dockerOnly));
  process.stdout.write(json ? `${JSON.stringify(treated)}\n` : treated.map(renderAttachment).join(""));
  exitWith(treated.some(hasFailed) ? EXIT.failed : EXIT.done);
}

async function watch(named: readonly string[], flags: Flags, signal: AbortSignal): Promise<void> {
  if (named.length > 0 || flags.json || flags.dryRun) {
    throw new UsageError("--watch is for every container, and logs what it does", {
      hint: "leave out containers, --json and --dry-run",
    });
  }
  const { runWatch } = await import("./run-watch.ts");
  await runWatch(flags, signal);
}
