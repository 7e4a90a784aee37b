import type { Command } from "commander";
import { createCommand, createProgram, withExamples } from "../core/runtime/command-line.ts";
import { renderCommand } from "./render-command.ts";
import type { ServeFlags } from "./serve-options.ts";

/** `plimsoll-shim` and its sub-commands, one line each. */
export function buildCommandLine(signal: AbortSignal): Command {
  return createProgram(
    "plimsoll-shim",
    "True /proc and /sys for containers: what their cgroups say, over FUSE.",
  )
    .addCommand(serveCommand(signal))
    .addCommand(renderCommand());
}

function serveCommand(signal: AbortSignal): Command {
  const command = createCommand("serve", "mount the files and serve them until SIGTERM")
    .option("--mount <dir>", "the directory to mount on; made if it is not there")
    .option("--transport <name>", "dev-fuse, or fuse-native: libfuse 2, one container (default: dev-fuse)")
    .option("--container-pid <pid>", "with fuse-native: a process of the container to show")
    .option("--config <file>", "YAML or JSON with these options (default: /etc/plimsoll/shim.yaml if there)")
    .option("--log-level <level>", "error, warn, info, debug or trace (default: info)")
    .action(async (flags: ServeFlags) => {
      const { serve } = await import("./serve.ts"); // --help needs none of it
      await serve(flags, signal);
    });
  return withExamples(command, [
    [
      "plimsoll-shim serve --mount /var/lib/plimsoll/shim",
      'in the foreground; ready at the line with "msg":"ready"',
    ],
    [
      "docker run -v /var/lib/plimsoll/shim/proc/meminfo:/proc/meminfo --memory 512m debian free -m",
      "a container whose free shows 512 MiB",
    ],
  ]);
}
