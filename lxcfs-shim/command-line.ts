import { type Command, Option } from "commander";
import { createCommand, createProgram, withExamples } from "../core/runtime/command-line.ts";
import { attachCommand, detachCommand } from "./attach/commands.ts";
import { nameCommand } from "./by-name/name-command.ts";
import { operatorCommands } from "./operate/commands.ts";
import { renderCommand } from "./render-command.ts";
import type { ServeFlags } from "./serve-options.ts";

/** `plimsoll-shim` and its sub-commands, one line each. */
export function buildCommandLine(signal: AbortSignal): Command {
  const program = createProgram(
    "plimsoll-shim",
    "True /proc and /sys for containers: what their cgroups say, over FUSE.",
  )
    .addCommand(serveCommand(signal))
    .addCommand(renderCommand())
    .addCommand(nameCommand())
    .addCommand(attachCommand(signal))
    .addCommand(detachCommand());
  for (const command of operatorCommands()) program.addCommand(command);
  return program;
}

function serveCommand(signal: AbortSignal): Command {
  const command = createCommand("serve", "mount the files and serve them until SIGTERM")
    .option("--mount <dir>", "the directory to mount on; made if it is not there")
    .option("--containers-mount <dir>", "a second directory: files by container's name, in the page cache")
    .option(
      "--names <dir>",
      "the names that `plimsoll-shim name` registers (default: /var/lib/plimsoll/names)",
    )
    .option("--transport <name>", "dev-fuse, or fuse-native: libfuse 2, one container (default: dev-fuse)")
    .option("--container-pid <pid>", "with fuse-native: a process of the container to show")
    .option("--config <file>", "YAML or JSON with these options (default: /etc/plimsoll/shim.yaml if there)")
    .option("--freshness <time>", "how old what a reader gets may be; 0: every read is new (default: 100ms)")
    .option(
      "--recovery <way>",
      "requests of a server that died: resend, or record as on kernels before 6.9 (default: resend)",
    )
    .addOption(new Option("--held", "descriptors 3, 4 and 5 are the holder's").hideHelp())
    .addOption(new Option("--replaces <pid>", "the server to be replaced").hideHelp())
    .addOption(new Option("--end", "take down what the last server left").hideHelp())
    .option("--cpus <policy>", "CPUs by both, cpuset, quota or host: all of the host's (default: both)")
    .option("--possible-cpus <which>", "host: size tables by the machine, or visible (default: host)")
    .option("--loadavg <on|off>", "off: load averages are the host's (default: on)")
    .option(
      "--swap <on|off|memsw>",
      "off: containers have no swap; memsw: on cgroup v1 RAM and swap together, as LXCFS has it (default: on)",
    )
    .option("--host-files <files>", "files that are the host's for everybody, e.g. diskstats,slabinfo")
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
      "plimsoll-shim upgrade",
      "take the configuration as it is now; readers notice nothing but what it changes",
    ],
    [
      "docker run -v /var/lib/plimsoll/shim/proc/meminfo:/proc/meminfo --memory 512m debian free -m",
      "a container whose free shows 512 MiB",
    ],
  ]);
}
