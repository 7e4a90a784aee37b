import type { Command } from "commander";
import { withExamples } from "../../core/runtime/command-line.ts";
import { UsageError } from "../../core/runtime/errors.ts";
import type { MachineEvent } from "../events/documents.ts";
import { followEvents, listEvents } from "../events/event-log.ts";
import { renderEvent, viewEvent } from "../events/render.ts";
import { type CommonOptions, ctSubCommand } from "./commands.ts";
import { withStore } from "./session.ts";

interface EventsOptions extends CommonOptions {
  readonly follow?: true;
  readonly tail?: string;
}

/** `plimsoll ct events`: out of the store, whether a daemon runs or not, of all its hosts. */
export function ctEvents(signal: AbortSignal): Command {
  const command = ctSubCommand("events", "what has happened to machines, oldest first")
    .argument("[name...]", "only of these")
    .option("--follow", "go on until Ctrl-C")
    .option("--tail <number>", "only so many of those that have been")
    .action((names: readonly string[], options: EventsOptions) => {
      const tail = options.tail === undefined ? Number.POSITIVE_INFINITY : parseTail(options.tail);
      const tell = (event: MachineEvent): void => {
        const line = options.json ? JSON.stringify(viewEvent(event)) : renderEvent(event);
        process.stdout.write(`${line}\n`);
      };
      return withStore(options, async (store) => {
        if (options.follow) for await (const event of followEvents(store, tail, signal, names)) tell(event);
        else (await listEvents(store, names)).slice(-tail).forEach(tell);
      });
    });
  return withExamples(command, [
    ["plimsoll ct events web --follow", "one machine's, and what comes"],
    ["plimsoll ct events --json", "a line of JSON for each"],
  ]);
}

function parseTail(text: string): number {
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new UsageError(`--tail: ${JSON.stringify(text)} is not a number of events`);
}
