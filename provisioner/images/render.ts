import { packageVersion } from "../../core/runtime/version.ts";
import { renderTable } from "../table.ts";
import { RULES, type RuleId, type Violation } from "./check.ts";
import type { Image } from "./image.ts";
import type { ImageFiles } from "./inspect.ts";

/** An image, and what a policy says of it. */
export interface CheckedImage {
  readonly image: Image;
  readonly files: ImageFiles;
  readonly violations: readonly Violation[];
}

export function renderChecked({ image, files, violations }: CheckedImage): string {
  const what = `${image.name} (${image.digest.slice(0, "sha256:".length + 12)})`;
  const looked = `${image.layers.length} layers and ${files.packages.length} packages looked at`;
  if (violations.length === 0) return `${what}: as the policy wants it, ${looked}\n`;
  const rows = violations.map(({ rule, message }) => [rule, message]);
  return `${renderTable(["RULE", "FOUND"], rows)}${what}: refused, ${looked}\n`;
}

export function checkedDocument({ image, files, violations }: CheckedImage): object {
  const { name, digest, config, layers } = image;
  return {
    image: name,
    digest,
    isAccepted: violations.length === 0,
    sizeBytes: layers.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    user: config.user,
    exposedPorts: config.exposedPorts,
    labels: config.labels,
    packages: files.packages.map(({ manager, name, version }) => ({ manager, name, version })),
    violations,
  };
}

/** SARIF 2.1.0 (OASIS), as code scanners exchange it. */
export function sarifDocument({ image, violations }: CheckedImage): object {
  const used = [...new Set(violations.map(({ rule }) => rule))];
  const rule = (id: RuleId): object => ({ id, shortDescription: { text: RULES[id] } });
  return {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: { driver: { name: "plimsoll image check", version: packageVersion(), rules: used.map(rule) } },
        properties: { image: image.name, digest: image.digest },
        results: violations.map(({ rule: ruleId, message, path }) => ({
          ruleId,
          ruleIndex: used.indexOf(ruleId),
          level: "error",
          message: { text: message },
          locations: [
            {
              // A place is needed by those who show it; an image as a whole is its own.
              physicalLocation: { artifactLocation: { uri: encodePath(path ?? image.name) } },
            },
          ],
        })),
      },
    ],
  };
}

/** As a relative reference (RFC 3986 §4.2): a colon in its first part would make that a scheme. */
function encodePath(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/");
}
