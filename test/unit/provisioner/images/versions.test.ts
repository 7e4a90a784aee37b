import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { expect, test } from "vitest";
import { compareVersions } from "../../../../provisioner/images/versions.ts";
import { hasCommand, testIf } from "../../../support/host.ts";

/** In their order. */
const VERSIONS = [
  "1.0~rc1",
  "1.0",
  "1.0-1",
  "1.0-1+deb12u1",
  "1.0-10",
  "1.0a",
  "1.0+b",
  "1.0.1",
  "1.9",
  "1.10",
  "1:0.1",
  "1:0.1-r2",
];

test("the order of versions", () => {
  expect(VERSIONS.toReversed().sort(compareVersions)).toEqual(VERSIONS);
  expect(compareVersions("1.01", "1.1")).toBe(0);
});

testIf(hasCommand("dpkg"))("is dpkg's", () => {
  const part = fc.stringMatching(/^[0-9][0-9a-z.+~]{0,6}$/);
  fc.assert(
    fc.property(part, part, (a, b) => {
      const order = compareVersions(a, b);
      const relation = order < 0 ? "lt" : order > 0 ? "gt" : "eq";
      execFileSync("dpkg", ["--compare-versions", a, relation, b]); // throws where dpkg thinks otherwise
    }),
    { numRuns: 40 },
  );
});
