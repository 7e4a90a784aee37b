import type { Command } from "commander";
import { createCommand, withExamples } from "../core/runtime/command-line.ts";
import { PROC_FILES } from "./proc-files/index.ts";
import type { RenderFlags } from "./render.ts";

/** `plimsoll-shim render`: the renderers without FUSE, for support and comparison. */
export function renderCommand(): Command {
  const command = createCommand("render", "print what a process would read, without a mount")
    .argument("[files...]", `of ${PROC_FILES.map(({ path }) => path).join(", ")} (default: all)`)
    .requiredOption("--pid <pid>", "the process, as numbered here")
    .option(
      "--explain",
      "say what of each file is the container's, and why not the rest, instead of the text",
    )
    .option("--config <file>", "what serve is configured with (default: /etc/plimsoll/shim.yaml if there)")
    .action(async (names: readonly string[], flags: RenderFlags) => {
      // --help needs none of it
      const [{ renderFiles }, { readViewOptions }] = await Promise.all([
        import("./render.ts"),
        import("./serve-options.ts"),
      ]);
      process.stdout.write(renderFiles(names, flags, await readViewOptions(flags)));
    });
  return withExamples(command, [
    ["plimsoll-shim render --pid 4217 meminfo", "/proc/meminfo as process 4217 would see it"],
    [
      "plimsoll-shim render --pid 4217 --explain",
      "which files of its container are virtual, and why others are not",
    ],
  ]);
}
