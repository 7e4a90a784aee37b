import type { Command } from "commander";
import { withExamples } from "../../core/runtime/command-line.ts";
import { confirm } from "../confirm.ts";
import { type CommonOptions, ctSubCommand } from "../ct/commands.ts";
import { print } from "../print.ts";
import { renderTable } from "../table.ts";
import { endBatch, listBatches, readBatch } from "./batch-orders.ts";
import { BATCH_TITLES, batchRows, renderLeft } from "./batch-views.ts";
import { withFleetStore } from "./host-commands.ts";

export function ctBatches(): Command {
  const command = ctSubCommand(
    "batches",
    "creations on several hosts that are not over: all or none, and which host they wait for",
  ).action((options: CommonOptions) =>
    withFleetStore(options, async ({ store }) => {
      const views = await listBatches(store);
      print(options, views, () => renderTable(BATCH_TITLES, views.flatMap(batchRows)));
    }),
  );
  return withExamples(command, [["plimsoll ct batches --json", "for scripts"]]);
}

interface EndOptions extends CommonOptions {
  readonly yes?: true;
}

export function ctEndBatch(signal: AbortSignal): Command {
  const command = ctSubCommand("end-batch", "wait for no host any more: what a batch has made stays")
    .argument("<batch>", "as plimsoll ct batches names it")
    .option("--dry-run", "print what stays where, and change nothing")
    .option("--yes", "do not ask")
    .action((id: string, options: EndOptions) =>
      withFleetStore(options, async (orderer) => {
        const lines = renderLeft((await readBatch(orderer.store, id)).view);
        const tell = (): string => lines.map((line) => `${line}\n`).join("");
        if (options.dryRun) return print(options, lines, tell);
        const question = "Leave it so?";
        if (!options.yes)
          await confirm({ command: "ct end-batch", lines, question, hint: "--yes does it" }, signal);
        const view = await endBatch(orderer, id);
        print(options, view, () =>
          renderLeft(view)
            .map((line) => `${line}\n`)
            .join(""),
        );
      }),
    );
  return withExamples(command, [
    ["plimsoll ct end-batch 3f2a91c0-… --dry-run", "what would stay where"],
    ["plimsoll ct destroy web-1", "what is not to stay is destroyed as any other"],
  ]);
}
