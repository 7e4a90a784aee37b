import { expect, test } from "vitest";
import { checkedDocument, renderChecked, sarifDocument } from "../../../../provisioner/images/render.ts";
import { makeImage, NO_FILES } from "../../../support/made-image.ts";

const image = makeImage();
const violations = [
  { rule: "setuid-not-allowed", message: "bin/x (4755)", path: "bin/x" },
  { rule: "label-missing", message: "owner" },
  { rule: "label-missing", message: "licence" },
] as const;

test("a table, and a last line", () => {
  expect(renderChecked({ image, files: NO_FILES, violations: [] })).toMatch(
    /^app:v1 \(sha256:[0-9a-f]{12}\): as the policy wants it/,
  );
  const table = renderChecked({ image, files: NO_FILES, violations });
  expect(table.split("\n")).toEqual([
    "RULE                FOUND",
    "setuid-not-allowed  bin/x (4755)",
    "label-missing       owner",
    "label-missing       licence",
    expect.stringMatching(/^app:v1 \(.*\): refused, 0 layers and 0 packages looked at$/),
    "",
  ]);
});

test("JSON", () => {
  expect(checkedDocument({ image, files: NO_FILES, violations })).toMatchObject({
    image: "app:v1",
    isAccepted: false,
    user: "app",
    violations,
  });
});

test("SARIF: each rule once, each result by its index", () => {
  expect(sarifDocument({ image, files: NO_FILES, violations })).toMatchObject({
    version: "2.1.0",
    runs: [
      {
        tool: { driver: { rules: [{ id: "setuid-not-allowed" }, { id: "label-missing" }] } },
        results: [
          { ruleIndex: 0, locations: [{ physicalLocation: { artifactLocation: { uri: "bin/x" } } }] },
          { ruleIndex: 1, message: { text: "owner" } },
          { ruleIndex: 1, locations: [{ physicalLocation: { artifactLocation: { uri: "app:v1" } } }] },
        ],
      },
    ],
  });
});
