import type { RemovalReport } from "./remove.ts";
import type { RetentionReport } from "./retain.ts";

/** A line for each tag, then what it comes to. */
export function renderRemoval(what: string, report: RemovalReport, isDryRun: boolean): string {
  const { outcomes, manifests } = report;
  const lines = outcomes.map(({ repository, tag, action, why }) => {
    const name = tag === "" ? repository : `${repository}:${tag}`;
    const done = action === "removed" && isDryRun ? "to be removed" : action;
    return `${what}: ${name === "" ? "" : `${name} `}${done}${why === undefined ? "" : `: ${why}`}\n`;
  });
  const count = (action: string): number => outcomes.filter((each) => each.action === action).length;
  const left = [count("kept") && `${count("kept")} kept`, count("failed") && `${count("failed")} failed`];
  const sum = `${count("removed")} tags and ${manifests} manifests ${isDryRun ? "to be removed" : "removed"}`;
  return `${lines.join("")}${what}: ${[sum, ...left.filter(Boolean)].join(", ")}\n`;
}

export function renderRetention(report: RetentionReport, isDryRun: boolean): string {
  const { rule, ageless } = report;
  const [first] = ageless;
  const unknown =
    first === undefined
      ? ""
      : `${rule}: ${ageless.length} kept, of unknown age: ${first}${ageless.length > 1 ? " …" : ""}\n`;
  return renderRemoval(rule, report, isDryRun) + unknown;
}
