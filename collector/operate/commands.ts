import type { Command } from "commander";
import { createCommand, exitWith, withExamples } from "../../core/runtime/command-line.ts";
import { UsageError } from "../../core/runtime/errors.ts";
import { exitCodeOf, renderFindings } from "../../core/runtime/finding.ts";
import type { ServeFlags } from "../serve-options.ts";

interface StatusFlags extends Pick<ServeFlags, "config"> {
  readonly url?: string;
  readonly json?: true;
}

interface DoctorFlags extends ServeFlags {
  readonly json?: true;
}

/** What an operator asks of the collector that runs, or is to run. */
export function operatorCommands(addServeOptions: (command: Command) => Command): readonly Command[] {
  return [statusCommand(), doctorCommand(addServeOptions)];
}

function statusCommand(): Command {
  const command = createCommand("status", "what the running collector is doing")
    .option("--url <url>", "where its pages are (default: where the configuration says that it listens)")
    .option("--config <file>", "the collector's (default: /etc/plimsoll/collector.yaml if there)")
    .option("--json", "as JSON")
    .action(async ({ url, json, ...flags }: StatusFlags) => {
      const { adminUrl, askStatus } = await import("./ask-status.ts");
      const { renderStatus } = await import("./render-status.ts");
      const { readServeOptions } = await import("../serve-options.ts");
      const place = url === undefined ? adminUrl(await readServeOptions(flags)) : parseUrl(url);
      const status = await askStatus(place);
      process.stdout.write(json ? `${JSON.stringify(status)}\n` : renderStatus(status));
    });
  return withExamples(command, [
    ["plimsoll-collector status", "machines, pushes a second, sinks and how far they are behind"],
    ["plimsoll-collector status --url http://10.0.0.1:9465 --json | jq .sinks", "of another host"],
  ]);
}

function doctorCommand(addServeOptions: (command: Command) => Command): Command {
  const command = addServeOptions(createCommand("doctor", "what is wrong, and what to do about it"))
    .option("--json", "as a JSON array")
    .action(async ({ json, ...flags }: DoctorFlags) => {
      const { diagnose } = await import("./doctor.ts");
      const { readServeOptions } = await import("../serve-options.ts");
      const findings = await diagnose(() => readServeOptions(flags));
      process.stdout.write(renderFindings(findings, json === true));
      exitWith(exitCodeOf(findings));
    });
  return withExamples(command, [
    ["plimsoll-collector doctor", "ends with 1 when something is wrong"],
    [
      "plimsoll-collector doctor --listen 10.0.0.1:9465 --data /srv/history",
      "with what serve is to be given",
    ],
  ]);
}

function parseUrl(text: string): URL {
  if (/^https?:\/\//.test(text) && URL.canParse(text)) return new URL(text);
  throw new UsageError(`--url: ${JSON.stringify(text)} is not http://HOST:PORT`);
}
