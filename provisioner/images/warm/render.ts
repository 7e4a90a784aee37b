import type { WarmReport } from "./documents.ts";
import type { RuleOutcome, RulePlan } from "./run-rule.ts";

export function renderProgress({ rule, host, wanted, pulled, missing, failed }: WarmReport): string {
  const done = wanted - missing.length;
  return `${rule}: ${host}: ${done} of ${wanted}, ${pulled} pulled${failed.length > 0 ? `, ${failed.length} failed` : ""}\n`;
}

export function renderOutcome({ rule, images, refused, hosts }: RuleOutcome): string {
  const lines = hosts.map(({ host, state, report }) => {
    if (state === "lost") return `${rule}: ${host} is lost: its daemon does not report\n`;
    if (state === "unfinished" || report === undefined) return `${rule}: ${host} goes on by itself\n`;
    const { pulled, failed } = report;
    const there = `${images.length - failed.length} of ${images.length} there`;
    const problems = failed.map((problem) => `${rule}: ${host}: failed: ${problem}\n`).join("");
    return `${problems}${rule}: ${host}: ${there}, ${pulled} pulled\n`;
  });
  return renderRefused(rule, refused) + lines.join("");
}

export function renderPlan({ rule, images, refused, hosts }: RulePlan): string {
  const lines = hosts.map(({ host, missing }) => {
    const pulls = missing.map((image) => {
      const found = images.find((each) => each.image === image);
      return `${rule}: ${host} would pull ${image} (${found?.digest.slice(0, "sha256:".length + 12)})\n`;
    });
    return `${pulls.join("")}${rule}: ${host}: ${images.length - missing.length} of ${images.length} there\n`;
  });
  return renderRefused(rule, refused) + lines.join("");
}

function renderRefused(rule: string, refused: RuleOutcome["refused"]): string {
  return refused
    .map(
      ({ image, reasons }) =>
        `${rule}: ${image} is not pulled, refused by the policy: ${reasons.join("; ")}\n`,
    )
    .join("");
}
