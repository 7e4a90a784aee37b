import type { Command } from "commander";
import { withExamples } from "../../core/runtime/command-line.ts";
import { NotFoundError } from "../../core/runtime/errors.ts";
import { confirm } from "../confirm.ts";
import { type CommonOptions, ctSubCommand } from "../ct/commands.ts";
import { EventLog } from "../events/event-log.ts";
import { print } from "../print.ts";
import { CONFLICT, retryConflicts } from "../store/optimistic.ts";
import type { Store } from "../store/types.ts";
import { renderTable } from "../table.ts";
import { BATCH_TITLES, type BatchView, batchRows, renderLeft, viewBatch } from "./batch-views.ts";
import { BATCHES, type Batch, decodeBatch, findBatch, judgeBatch, removeBatch } from "./batches.ts";
import { withFleetStore } from "./host-commands.ts";
import { readFleet } from "./hosts.ts";
import type { Orderer } from "./orders.ts";

export function ctBatches(): Command {
  const command = ctSubCommand(
    "batches",
    "creations on several hosts that are not over: all or none, and which host they wait for",
  ).action((options: CommonOptions) =>
    withFleetStore(options, async ({ store }) => {
      const { entries } = await store.list(BATCHES);
      const { hosts } = await readFleet(store);
      const judged = await Promise.all(entries.map((entry) => judgeBatch(store, decodeBatch(store, entry))));
      const views = judged.map((batch) => viewBatch(batch, hosts));
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

/** Throws NotFoundError. */
async function readBatch(
  store: Store,
  id: string,
): Promise<{ readonly batch: Batch; readonly view: BatchView }> {
  const batch = await findBatch(store, id);
  if (batch === undefined)
    throw new NotFoundError(`batch ${id}: not found, or over`, { hint: "plimsoll ct batches" });
  return { batch, view: viewBatch(await judgeBatch(store, batch), (await readFleet(store)).hosts) };
}

/** As it is in the moment it is ended. */
function endBatch({ store, clock, by }: Orderer, id: string): Promise<BatchView> {
  return retryConflicts(`batch ${id}`, clock, async () => {
    const { batch, view } = await readBatch(store, id);
    if (!(await removeBatch(store, batch))) return CONFLICT;
    const text = `its batch was ended, said on ${by}`;
    const names = view.parts.flatMap(({ state, machines }) => (state === "nothing" ? [] : machines));
    await new EventLog(store, clock, by).add(
      ...names.map((name) => ({ kind: "create", state: "left", name, text })),
    );
    return view;
  });
}
