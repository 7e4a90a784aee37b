import { readFileSync } from "node:fs";
import { Ajv } from "ajv";
import formats from "ajv-formats";
import { expect, test } from "vitest";
import { checkImage, RULES } from "../../../../provisioner/images/check.ts";
import { parsePolicy } from "../../../../provisioner/images/policy.ts";
import { checkedDocument, renderChecked, sarifDocument } from "../../../../provisioner/images/render.ts";
import { makeImage, makeLayer, NO_FILES } from "../../../support/made-image.ts";

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
          { ruleIndex: 1, locations: [{ physicalLocation: { artifactLocation: { uri: "app%3Av1" } } }] },
        ],
      },
    ],
  });
});

const SCHEMA = JSON.parse(readFileSync("test/fixtures/schemas/sarif-2.1.0.json", "utf8"));

test("SARIF: findings of every kind, valid by the schema of OASIS", () => {
  const policy = parsePolicy("f", {
    ...{ packages: { allowed: ["zlib"], forbidden: ["openssl"] }, ports: [], users: { forbidden: ["root"] } },
    ...{ setuid: [], bases: ["debian:*"], maxSize: "1K", labels: ["owner"], secrets: { allowed: [] } },
  });
  const refused = {
    ...makeImage({ user: "", exposedPorts: ["22/tcp"] }, [makeLayer([{ name: "a" }])]),
    name: "127.0.0.1:5000/team/app:v1",
  };
  const files = {
    packages: [{ manager: "dpkg", name: "openssl", version: "1" }] as const,
    unreadable: ["var/lib/rpm/Packages"],
    setuid: [{ path: "opt/1:a b#c?é%/[x]", mode: 0o4755 }],
    secrets: [{ path: "1:key", layer: "sha256:1", kind: "a private key" }],
    escapes: [{ name: "../../x", layer: "sha256:1" }],
  };
  const found = checkImage(policy, refused, files);
  expect(new Set(found.map(({ rule }) => rule))).toEqual(new Set(Object.keys(RULES)));

  // One of its patterns has a bracket too many, which is none in a pattern of before Unicode.
  const isValid = formats
    .default(new Ajv({ allErrors: true, strict: false, unicodeRegExp: false }))
    .compile(SCHEMA);
  for (const violations of [found, [], ...found.map((each) => [each])]) {
    const document = sarifDocument({ image: refused, files, violations });
    isValid(JSON.parse(JSON.stringify(document)));
    expect(isValid.errors ?? []).toEqual([]);
  }
  expect(isValid({ version: "2.1.0", runs: [{ results: [] }] })).toBe(false);
});

test.for(["opt/1:a b#c?é%/[x]", "key:1", "bin/x"])(
  "SARIF: where %j was found can be told from its reference, by whatever base",
  (path) => {
    const violation = { rule: "setuid-not-allowed", message: path, path } as const;
    const [found] = sarifUris(sarifDocument({ image, files: NO_FILES, violations: [violation] }));
    expect(decodeURIComponent(new URL(found ?? "", "file:///base/").pathname)).toBe(`/base/${path}`);
  },
);

function sarifUris(document: object): readonly string[] {
  return [...JSON.stringify(document).matchAll(/"uri":"([^"]*)"/g)].map(([, uri = ""]) => uri);
}
