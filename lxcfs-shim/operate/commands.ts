import type { Command } from "commander";
import { createCommand, exitWith, withExamples } from "../../core/runtime/command-line.ts";
import { exitCodeOf, renderFindings } from "../../core/runtime/finding.ts";

/** What an operator asks of running shims. What they need is loaded when they run. */
export function operatorCommands(): readonly Command[] {
  return [statusCommand(), upgradeCommand(), doctorCommand()];
}

interface Flags {
  readonly mount?: string;
  readonly json?: boolean;
}

const MOUNT = ["--mount <dir>", "the shim on this mount point only (default: every one)"] as const;

function statusCommand(): Command {
  const command = createCommand("status", "what the running shims are doing")
    .option(...MOUNT)
    .option("--json", "as a JSON array")
    .action(async ({ mount, json }: Flags) => {
      const { noAnswer, noShim, surveyShims } = await import("./find-shims.ts");
      const { renderStatus } = await import("./status.ts");
      const { answering, silent } = await surveyShims(mount);
      if (answering.length + silent.length === 0) throw noShim(mount);
      process.stdout.write(json ? `${JSON.stringify(answering)}\n` : answering.map(renderStatus).join("\n"));
      if (silent[0] !== undefined) throw noAnswer(silent[0]);
    });
  return withExamples(command, [
    ["plimsoll-shim status", "version, generation, and per file: reads, kept answers, errors, p50, p99"],
    ["plimsoll-shim status --json | jq '.[].generation'", "how many servers each mount has had"],
  ]);
}

function upgradeCommand(): Command {
  const command = createCommand("upgrade", "replace the server by the installed version, under its readers")
    .option(...MOUNT)
    .action(async ({ mount }: Flags) => {
      const { noShim, surveyShims } = await import("./find-shims.ts");
      const { upgradeShim } = await import("./upgrade.ts");
      const { answering, silent } = await surveyShims(mount);
      if (answering.length + silent.length === 0) throw noShim(mount);
      const shims = [
        ...silent.map((shim) => ({ ...shim, version: "no answer" })),
        ...answering.map((shim) => ({ ...shim, holder: shim.holder?.pid })),
      ];
      for (const before of shims) {
        const { version, generation, mountPoint } = await upgradeShim(before);
        process.stdout.write(`${mountPoint}: ${before.version} → ${version}, generation ${generation}\n`);
      }
    });
  return withExamples(command, [
    ["plimsoll-shim upgrade", "after a new version was installed, or its configuration changed"],
  ]);
}

function doctorCommand(): Command {
  const command = createCommand("doctor", "what is wrong, and what to do about it")
    .option("--json", "as a JSON array")
    .action(async ({ json }: Flags) => {
      const { diagnose, realContext } = await import("./doctor.ts");
      const { surveyShims } = await import("./find-shims.ts");
      const { openHostRoot } = await import("../../core/kernel/host-root.ts");
      const findings = await diagnose(realContext(openHostRoot(), await surveyShims()));
      process.stdout.write(renderFindings(findings, json === true));
      exitWith(exitCodeOf(findings));
    });
  return withExamples(command, [["plimsoll-shim doctor", "ends with 1 when something is wrong"]]);
}
